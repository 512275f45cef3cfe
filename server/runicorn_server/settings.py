"""Settings of the server: arguments win over ``RUNICORN_*`` variables, which win over defaults."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_PORT = 23300


class Settings(BaseSettings):
    """What one server is told.

    Attributes:
        root: The root to show.
        allowed_hosts: Further names under which this server may be asked, without a port.
        token: When set, every request of the API needs it.
        root_path: The prefix that a proxy serves it under, such as ``/proxy/23300``.
    """

    model_config = SettingsConfigDict(env_prefix="RUNICORN_", extra="ignore")

    root: Path = Field(validation_alias="root")
    host: str = "127.0.0.1"
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)
    allowed_hosts: list[str] = []
    token: SecretStr | None = None
    root_path: str = ""


def is_loopback(host: str) -> bool:
    """Tell whether a name or address without a port is this machine's loopback."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

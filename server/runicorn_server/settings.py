"""Settings of the server: arguments win over ``RUNICORN_*`` variables, which win over defaults."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_PORT = 23300
MIN_TOKEN_LENGTH = 8


class Settings(BaseSettings):
    """What one server is told.

    Attributes:
        root: The root to show.
        allowed_hosts: Further names under which this server may be asked, without a port.
        token: When set, every request needs it.
        root_path: The prefix that a proxy serves it under, such as ``/proxy/23300``.
        static: Where the built page lies.
    """

    model_config = SettingsConfigDict(env_prefix="RUNICORN_", extra="ignore")

    root: Path
    host: str = "127.0.0.1"
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)
    allowed_hosts: list[str] = []
    token: SecretStr | None = None
    root_path: str = Field(default="", pattern=r"^(/[^/?#]+)*$")
    static: Path = Path(__file__).parent / "static"

    @field_validator("token")
    @classmethod
    def _is_a_token(cls, token: SecretStr | None) -> SecretStr | None:
        text = token.get_secret_value() if token is not None else "x" * MIN_TOKEN_LENGTH
        # Only what a header can carry; an empty one would let everybody in.
        if len(text) < MIN_TOKEN_LENGTH or not (text.isascii() and text.isprintable()):
            raise ValueError(f"must be {MIN_TOKEN_LENGTH} or more printable ASCII characters")
        return token

    @model_validator(mode="after")
    def _is_not_open_to_all(self) -> Self:
        if not is_loopback(self.host) and self.token is None:
            raise ValueError(
                f"listening on {self.host} lets others in, so a token is needed: set RUNICORN_TOKEN"
            )
        return self


def is_loopback(host: str) -> bool:
    """Tell whether a name or address without a port is this machine's loopback."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

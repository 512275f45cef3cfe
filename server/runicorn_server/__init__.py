"""Runicorn's server: V1 from the files, V2 from the index, live sockets, the page."""

from __future__ import annotations

from runicorn_server.app import create_app
from runicorn_server.settings import Settings

__all__ = ["Settings", "create_app"]

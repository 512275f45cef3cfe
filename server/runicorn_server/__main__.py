"""The command ``runicorn-server``."""

from __future__ import annotations

import argparse
import errno
import logging
import socket
import sys
import threading
import webbrowser
from pathlib import Path

import uvicorn

import runicorn
from runicorn.errors import RunicornError
from runicorn.store import open as open_store
from runicorn_server.app import create_app
from runicorn_server.settings import DEFAULT_PORT, Settings, is_loopback

# A socket that is still open when the server ends gets this long to close [s].
GRACE_S = 2


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl+C; return 0, or 2 when it can't start."""
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(options)
    except (RunicornError, ValueError) as error:
        return _refuse(str(error))
    if not is_loopback(settings.host) and settings.token is None:
        return _refuse(
            f"listening on {settings.host} lets others in, so a token is needed: set RUNICORN_TOKEN"
        )
    reason = _why_not(settings.host, settings.port)
    if reason:
        return _refuse(reason)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells of every change
    address = f"http://{_spelled(settings.host)}:{settings.port}{settings.root_path}"
    sys.stderr.write(f"Runicorn shows {settings.root} on {address}  (Ctrl+C ends it)\n")
    if options.open:
        threading.Timer(1.0, webbrowser.open, [address]).start()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="runicorn-server", description="Show a root of Runicorn in a browser."
    )
    parser.add_argument("--root", type=Path, help="default: RUNICORN_DIR, else ./.runicorn")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help=f"default: {DEFAULT_PORT}")
    parser.add_argument("--root-path", help="prefix under which a proxy serves it")
    parser.add_argument("--open", action="store_true", help="open a browser")
    parser.add_argument("--version", action="version", version=runicorn.__version__)
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    with open_store(options.root) as store:
        root = store.root
    given = {"host": options.host, "port": options.port, "root_path": options.root_path}
    return Settings(root=root, **{key: value for key, value in given.items() if value is not None})


def _why_not(host: str, port: int) -> str | None:
    """Tell why an address can't be listened on; ``None`` when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} is in use; try --port {_next_free(host, port)}"
            return f"can't listen on {host}:{port}: {error.strerror or error}"
    return None


def _next_free(host: str, port: int) -> int:
    candidates = range(port + 1, min(port + 100, 65536))
    return next((other for other in candidates if _why_not(host, other) is None), 0)


def _spelled(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _refuse(why: str) -> int:
    sys.stderr.write(f"runicorn-server: {why}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())

"""The command ``runicorn-server``."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import socket
import sys
import threading
import webbrowser
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

import runicorn
from runicorn.errors import RunicornError
from runicorn.store import open as open_store
from runicorn_server.app import create_app
from runicorn_server.settings import DEFAULT_PORT, Settings

# A socket that is still open when the server ends gets this long to close [s].
GRACE_S = 2
# The longest message that a client may send on a socket [bytes].
MAX_MESSAGE_BYTES = 1 << 20
# How long a socket may take to answer a ping: it stands behind all that a slow reader has still to
# read, and only one that is really gone is to be closed [s].
PONG_S = 300
WAITING_CONNECTIONS = 2048


class _CantStartError(Exception):
    """Why the server does not start, in a sentence for the terminal."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl+C; return 0, or 2 when it can't start."""
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(options)
        _prepare(settings.root)
        listening = _listen(settings.host, settings.port)
    except _CantStartError as error:
        sys.stderr.write(f"runicorn-server: {error}\n")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells of every change
    app = create_app(settings)
    address = _address(settings, listening, app)
    sys.stderr.write(f"Runicorn shows {settings.root} on {address}  (Ctrl+C ends it)\n")
    if options.open:
        threading.Timer(1.0, webbrowser.open, [address]).start()
    _serve(app, listening)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="runicorn-server",
        description="Show a root of Runicorn in a browser.",
        epilog="RUNICORN_HOST, RUNICORN_PORT and RUNICORN_ROOT_PATH stand in for the options; "
        "RUNICORN_TOKEN is needed to listen on anything but loopback; RUNICORN_ALLOWED_HOSTS "
        '(such as ["gpu-03"]) names further hosts.',
    )
    parser.add_argument(
        "--root", type=Path, help="folder of the runs (default: RUNICORN_DIR, else ./.runicorn)"
    )
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--port", type=int, help=f"0 takes any that is free (default: {DEFAULT_PORT})"
    )
    parser.add_argument("--root-path", help="prefix under which a proxy serves it")
    parser.add_argument("--open", action="store_true", help="open a browser")
    parser.add_argument("--version", action="version", version=runicorn.__version__)
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    given = {"host": options.host, "port": options.port, "root_path": options.root_path}
    given = {key: value for key, value in given.items() if value is not None}
    try:
        with open_store(options.root) as store:
            return Settings(root=store.root, **given)
    except ValidationError as error:
        raise _CantStartError("; ".join(map(_told, error.errors()))) from error
    except RunicornError as error:
        raise _CantStartError(str(error)) from error


def _told(error: object) -> str:
    assert isinstance(error, dict)
    place = ".".join(map(str, error["loc"]))
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _prepare(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        next(root.iterdir(), None)
    except OSError as error:
        raise _CantStartError(f"{root} can't be read: {error.strerror or error}") from error


def _listen(host: str, port: int) -> socket.socket:
    try:
        return _bound(host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise _CantStartError(
                f"can't listen on {host}:{port}: {error.strerror or error}"
            ) from error
    other = _next_free(host, port)
    advice = f"; try --port {other}" if other else ""
    raise _CantStartError(f"port {port} is in use{advice}")


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its protocol asyncio knows a socket whose small packets are not to be held back.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(WAITING_CONNECTIONS)
    except BaseException:
        listening.close()
        raise
    return listening


def _next_free(host: str, port: int) -> int | None:
    for other in range(port + 1, min(port + 100, 65536)):
        try:
            _bound(host, other).close()
        except OSError:
            continue
        return other
    return None


def _address(settings: Settings, listening: socket.socket, app: FastAPI) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = listening.getsockname()[1]
    code = app.state.door.code
    query = f"/?code={code}" if code else ""
    return f"http://{host}:{port}{settings.root_path}{query}"


def _serve(app: FastAPI, listening: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_timeout=PONG_S,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # it has ended everything in order before it raised this
    finally:
        listening.close()


if __name__ == "__main__":
    sys.exit(main())

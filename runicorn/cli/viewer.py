"""The command ``viewer``: the server and its page, if it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Annotated

import typer

from runicorn.cli import options
from runicorn.errors import MissingLibraryError

SERVER = "runicorn_server"


def viewer(
    host: Annotated[
        str | None,
        typer.Option(
            "--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1.", show_default=False
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", metavar="N", help="23300; 0 takes any free one.", show_default=False
        ),
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(
            "--root-path",
            metavar="PATH",
            help="The prefix under which a proxy serves it.",
            show_default=False,
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open a browser.")] = False,
    root: options.Root = None,
) -> None:
    """Show the runs in a browser, live, until Ctrl+C.

    The same as runicorn-server, which must be installed: pip install 'runicorn[server]'.
    """
    if importlib.util.find_spec(SERVER) is None:
        raise MissingLibraryError("runicorn-server", "The viewer", extra="server")
    given = {"--host": host, "--port": port, "--root-path": root_path, "--root": root}
    words = [f"{name}={value}" for name, value in given.items() if value is not None]
    # By name: the server builds on this package, not the other way round.
    server = importlib.import_module(f"{SERVER}.__main__")
    code = server.main([*words, *(["--open"] if open_browser else [])])
    if code:
        raise typer.Exit(code)

"""Built-in plugin: the command ``runicorn demo``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from runicorn.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    import typer


@hookimpl
def runicorn_cli_commands(app: typer.Typer) -> None:
    """Add the command."""
    # Imported by name and only here: recording loads this plugin and no command line.
    demo = importlib.import_module("runicorn.cli.demo")
    app.command("demo", rich_help_panel="Runicorn")(demo.demo)

"""The commands in the order that ``--help`` lists them, and what all of them share."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

import runicorn
from runicorn.cli import (
    DEBUG_VARIABLE,
    about,
    comparing,
    curating,
    exporting,
    health,
    history,
    importing,
    listing,
    logs,
    showing,
    viewer,
)
from runicorn.cli.output import complain
from runicorn.cli.questions import DeclinedError
from runicorn.errors import RunicornError, UsageError
from runicorn.plugins.manager import Plugins
from runicorn.settings import value_of

EPILOG = (
    "Exit codes: 0 all went well, 1 something was wrong or not found, 2 the call was wrong, "
    "130 ended by Ctrl+C, 141 the reader of the output went away."
)


class PipeClosedError(Exception):
    """Nobody reads the output any more."""


class _Command(typer.core.TyperCommand):
    """Help without the type of flags, which have none."""

    def get_params(self, ctx: Any) -> Any:
        """Return options and arguments."""
        return _untyped_flags(super().get_params(ctx))


class _Commands(typer.core.TyperGroup):
    """Turns errors into one line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> object:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise PipeClosedError from error
        except RunicornError as error:
            complain(str(error))
            raise typer.Exit(2 if isinstance(error, UsageError) else 1) from error
        except DeclinedError as error:
            complain("nothing was done")
            raise typer.Exit(1) from error
        except OSError as error:
            complain(_told(error))
            raise typer.Exit(1) from error
        except (typer.Abort, typer.Exit, EOFError):
            raise
        except Exception as error:
            if hasattr(error, "format_message") or os.environ.get(DEBUG_VARIABLE):
                raise
            complain(
                f"an error of the command itself: {type(error).__name__}: {error} "
                f"({DEBUG_VARIABLE}=1 shows where)"
            )
            raise typer.Exit(1) from error

    def get_params(self, ctx: Any) -> Any:
        """Return options and arguments."""
        return _untyped_flags(super().get_params(ctx))


def _untyped_flags(params: Any) -> Any:
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


def build() -> typer.Typer:
    """Return the application with all commands, those of plugins last."""
    app = typer.Typer(
        name="runicorn",
        cls=_Commands,
        epilog=EPILOG,
        help="Look at the runs of a root, and keep it in order.",
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_start)
    for panel, functions in _COMMANDS.items():
        for name, function in functions.items():
            app.command(name, rich_help_panel=panel)(function)
    _add_those_of_plugins(app)
    for command in app.registered_commands:
        command.cls = _Command
        command.help = command.help or _paragraphs(command.callback)
    return app


def _add_those_of_plugins(app: typer.Typer) -> None:
    theirs = typer.Typer()
    plugins = Plugins(chosen=value_of("plugins"))
    plugins.collect("runicorn_cli_commands", app=theirs)
    plugins.close()
    app.registered_commands += [each for each in theirs.registered_commands if _is_sound(each)]
    app.registered_groups += theirs.registered_groups


def _is_sound(command: typer.models.CommandInfo) -> bool:
    """Tell whether a command can be called; one that can't would take all others with it."""
    alone = typer.Typer()
    alone.registered_commands = [command]
    try:
        typer.main.get_command(alone)
    except Exception as error:  # noqa: BLE001 - it is somebody else's
        complain(f"the command {command.name} of a plugin is left out: {error}")
        return False
    return True


def _paragraphs(function: Callable[..., None] | None) -> str:
    """Return a docstring with each paragraph on one line, as a terminal of any width needs it."""
    paragraphs = inspect.cleandoc(getattr(function, "__doc__", None) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(runicorn.__version__)
        raise typer.Exit


def _start(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None and not version:
        typer.echo(ctx.get_help())


def _told(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}"


_COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Look": {
        "ls": listing.ls,
        "show": showing.show,
        "compare": comparing.compare,
        "history": history.history,
        "logs": logs.logs,
        "viewer": viewer.viewer,
    },
    "Keep in order": {
        "tag": curating.tag,
        "rm": curating.rm,
        "restore": curating.restore,
        "move": curating.move,
    },
    "Take elsewhere": {"export": exporting.export, "import": importing.import_},
    "The root": {"doctor": health.doctor, "reindex": health.reindex, "du": health.du},
    "Runicorn": {"config": about.config, "plugins": about.plugins, "version": about.version},
}

"""The commands in the order that ``--help`` lists them, and what all of them share."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

import runicorn
from runicorn.cli import DEBUG_VARIABLE, about, curating, health, listing, logs, showing
from runicorn.cli.output import complain
from runicorn.cli.questions import DeclinedError
from runicorn.errors import RunicornError, UsageError

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


app = typer.Typer(
    name="runicorn",
    cls=_Commands,
    epilog=EPILOG,
    help="Look at the runs of a root, and keep it in order.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(runicorn.__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _start(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None and not version:
        typer.echo(ctx.get_help())


def add(name: str, function: Callable[..., None], panel: str) -> None:
    """Add a command.

    Args:
        name: Its name.
        function: What it does; its docstring is the help.
        panel: Under which heading ``--help`` lists it.
    """
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    help_text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    app.command(name, cls=_Command, help=help_text, rich_help_panel=panel)(function)


def _told(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}"


_COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Look": {"ls": listing.ls, "show": showing.show, "logs": logs.logs},
    "Keep in order": {
        "tag": curating.tag,
        "rm": curating.rm,
        "restore": curating.restore,
        "move": curating.move,
    },
    "The root": {"doctor": health.doctor, "reindex": health.reindex, "du": health.du},
    "Runicorn": {"config": about.config, "plugins": about.plugins, "version": about.version},
}
for _panel, _functions in _COMMANDS.items():
    for _name, _function in _functions.items():
        add(_name, _function, _panel)

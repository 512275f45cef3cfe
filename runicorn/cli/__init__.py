"""The command ``runicorn``: runs from the terminal.

Exit codes: 0 all went well, 1 something was wrong or not found, 2 the call was wrong, 130 ended by
Ctrl+C, 141 the reader of the output went away. Errors are one line on stderr. With ``--json``
nothing but JSON stands on stdout.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["main", "run"]

# Shows where an error of the command itself comes from.
DEBUG_VARIABLE = "RUNICORN_DEBUG"
WRONG_CALL, INTERRUPTED, PIPE_CLOSED = 2, 130, 141


def main() -> None:
    """Run the command of this process and leave it with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: What stands behind ``runicorn``.

    Returns:
        The exit code.
    """
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _leave_pipe()


def _run(arguments: Sequence[str]) -> int:
    import typer

    from runicorn.cli.commands import PipeClosedError, build
    from runicorn.cli.output import complain, prepare_streams, told_warnings
    from runicorn.errors import UsageError

    prepare_streams()
    try:
        with told_warnings():
            command = typer.main.get_command(build())
            code = command.main(list(arguments), prog_name="runicorn", standalone_mode=False)
            sys.stdout.flush()
    except PipeClosedError:
        return _leave_pipe()
    except UsageError as error:  # a setting, before any command is there to say it
        complain(str(error))
        return WRONG_CALL
    except typer.Abort:
        complain("nothing was done")
        return 1
    except Exception as error:
        # Typer has had several classes for a wrong call; all of them can say what is wrong.
        say = getattr(error, "format_message", None)
        if say is None:
            raise
        context = getattr(error, "ctx", None)
        complain(f"{say()} See `{context.command_path if context else 'runicorn'} --help`.")
        return WRONG_CALL
    return code if isinstance(code, int) else 0


def _leave_pipe() -> int:
    # What is left in the buffer would fail once more when Python ends.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED

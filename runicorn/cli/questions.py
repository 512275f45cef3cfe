"""Questions to whoever sits at the terminal, before something is done that can't be undone."""

from __future__ import annotations

import sys

from runicorn.cli.output import is_terminal
from runicorn.cli.texts import shown
from runicorn.errors import UsageError


class DeclinedError(Exception):
    """The answer was no."""


def confirm(question: str) -> None:
    """Ask, and return when the answer is yes.

    Raises:
        DeclinedError: It is anything else.
        UsageError: Nobody is there to ask.
    """
    if not is_terminal(sys.stdin):
        raise UsageError(f"{question} Nobody is there to answer; --yes says so")
    sys.stderr.write(f"{shown(question)} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise DeclinedError

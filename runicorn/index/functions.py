"""Functions that SQL may call: texts without case, and patterns within a limit of time."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from runicorn.errors import InvalidFilterError
from runicorn.index.patterns import Pattern

# What all patterns of one question may take of a core [s], and how much of a text they look at.
BUDGET_S = 1.0
MAX_TEXT = 5_000

_local = threading.local()


def register(connection: sqlite3.Connection) -> None:
    """Make ``casefold(text)`` known, and ``regexp``, which is ``text REGEXP pattern``."""
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    connection.create_function("regexp", 2, _regexp, deterministic=True)


@contextmanager
def patterns_in_time(field: str) -> Iterator[None]:
    """Let the patterns of the statements of a block take a second, then give up.

    Args:
        field: The part of the question that has the patterns, for the message.

    Raises:
        InvalidFilterError: They took longer.
    """
    _local.deadline, _local.late = time.thread_time() + BUDGET_S, None
    try:
        yield
        if _local.late is not None:
            raise InvalidFilterError(
                field,
                f"the pattern {_local.late!r} takes too long on these runs; make it simpler, or "
                "narrow the runs by a project",
            )
    finally:
        _local.deadline = None


@lru_cache(maxsize=64)
def compiled(pattern: str) -> Pattern:
    """Return a pattern that is compiled once.

    Raises:
        PatternError: It can't be understood.
    """
    return Pattern(pattern)


def _casefold(text: object) -> str | None:
    return text.casefold() if isinstance(text, str) else None


def _regexp(pattern: str, text: object) -> bool | None:
    if not isinstance(text, str):
        return None
    deadline = getattr(_local, "deadline", None)
    if deadline is not None and time.thread_time() > deadline:
        _local.late = pattern
        return False
    return compiled(pattern).search(text[:MAX_TEXT])

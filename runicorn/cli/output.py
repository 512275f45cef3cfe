"""Output: lines for people, JSON documents for programs; what went wrong goes to stderr."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from runicorn.cli.texts import shown


def prepare_streams() -> None:
    """Let stdout and stderr take every text, whatever their encoding."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def is_terminal(stream: TextIO | None = None) -> bool:
    """Tell whether somebody reads along; stdout when no stream is given."""
    stream = stream or sys.stdout
    return stream.isatty()


def tell(message: str) -> None:
    """Write one line to stdout."""
    sys.stdout.write(f"{shown(message)}\n")


def complain(message: str) -> None:
    """Write one line to stderr, for what went wrong and for what is no part of the answer."""
    sys.stdout.flush()  # what was answered before stands before it on a terminal
    sys.stderr.write(f"runicorn: {shown(' '.join(message.split()))}\n")
    sys.stderr.flush()


@contextmanager
def told_warnings() -> Iterator[None]:
    """Tell what Runicorn warns about like everything else that is no part of the answer."""
    handler, logger = _Complaints(logging.WARNING), logging.getLogger("runicorn")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Complaints(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        complain(record.getMessage())


def emit(document: dict[str, Any], *, is_line: bool = False) -> None:
    """Write one JSON document to stdout, numbers that are not finite as ``null``.

    Args:
        document: What JSON knows; other values become their texts.
        is_line: Whether it is to stand on one line, as one of many.
    """
    import orjson

    is_indented = is_terminal() and not is_line
    try:
        option = orjson.OPT_INDENT_2 if is_indented else 0
        text = orjson.dumps(document, default=str, option=option).decode()
    except TypeError:  # a name in bytes that are no UTF-8, or an integer beyond 64 bits
        text = json.dumps(document, default=str, indent=2 if is_indented else None)
    sys.stdout.write(f"{text}\n")

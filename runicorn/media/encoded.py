"""Encoded content: files and bytes that are kept as they are, if their format is known."""

from __future__ import annotations

import os
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.media.sniffing import format_of, head_of
from runicorn.media.writing import source_file
from runicorn.pieces import Content


def as_content(key: str, value: Any) -> Content | None:
    """Return bytes, or the path of a file to copy; ``None`` when a value is neither.

    Raises:
        InvalidValueError: It is the path of no file.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return source_file(key, value) if isinstance(value, str | os.PathLike) else None


def known_format(key: str, content: Content, known: frozenset[str], what: str) -> tuple[str, bytes]:
    """Return the format of encoded content and how it begins.

    Args:
        key: For messages.
        content: The content.
        known: The formats that are taken.
        what: What it should be, for messages.

    Raises:
        InvalidValueError: It has another format, or can't be read.
    """
    shown = "these bytes" if isinstance(content, bytes) else repr(str(content))
    try:
        head = head_of(content)
    except OSError as error:
        raise InvalidValueError(key, content, f"{shown} can't be read: {error}") from error
    name = format_of(head)
    if name is None or name not in known:
        formats = ", ".join(sorted(known))
        raise InvalidValueError(
            key, content, f"the format of {shown} is no {what} that is known ({formats})"
        )
    return name, head

"""Files: replace a document atomically, read one tolerantly, join paths without escaping."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from runicorn.errors import StorageError

# Each exists on some systems only.
_REGULAR_ONLY = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Replace a JSON document so that a reader sees the old or the new one, never a part.

    Raises:
        OSError: The disk refused; the old document is untouched.
    """
    write_bytes(path, orjson.dumps(document, option=orjson.OPT_INDENT_2, default=str))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file so that a reader sees the old or the new one, never a part.

    Raises:
        OSError: The disk refused; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON document.

    Returns:
        The document, or ``None`` when there is no such file.

    Raises:
        ValueError: The file is there but holds no JSON object.
        OSError: The file is there but can't be read.
    """
    try:
        with open_regular(path) as file:
            text = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    document = _loads(text)
    if not isinstance(document, dict):
        raise ValueError(f"{path} holds a JSON {type(document).__name__}, not an object")  # noqa: TRY004 - all damage is a ValueError
    return document


def _loads(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text)  # takes the bare NaN that files of 0.4 may hold
    except RecursionError:
        raise ValueError("nested too deep") from None


def open_regular(path: Path, buffering: int = -1) -> BinaryIO:
    """Open a regular file for reading and nothing else.

    A run's folder may come from anybody: a symbolic link in it could show what lies elsewhere, and
    a pipe would make its reader wait for ever.

    Args:
        path: The file.
        buffering: As of ``open``; 0 makes one ``read`` one read of the system.

    Raises:
        OSError: It is no regular file, or can't be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | _REGULAR_ONLY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return os.fdopen(descriptor, "rb", buffering)


def join_inside(folder: Path, *parts: str) -> Path:
    """Join parts to a folder and refuse everything that would leave it, symbolic links included.

    Raises:
        StorageError: The result lies outside of the folder.
    """
    if any("\0" in part for part in parts):
        raise StorageError(f"{parts!r} holds a NUL character")
    root = folder.resolve()
    joined = root.joinpath(*parts).resolve()
    if not joined.is_relative_to(root):
        raise StorageError(f"{'/'.join(parts)!r} leads out of {folder}")
    return joined

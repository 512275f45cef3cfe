"""Logs: the lines of what a run printed, all of them or the last ones."""

from __future__ import annotations

import os
from pathlib import Path

from runicorn.files import open_regular

_BLOCK_BYTES = 1 << 16


def read_lines(path: Path, tail: int | None = None) -> list[str]:
    """Read a log; a last line that has no end yet is a line as well.

    Args:
        path: The log; one that is not there is empty.
        tail: Only so many lines from the end, read from the end `[lines]`.

    Raises:
        OSError: It is there and can't be read.
    """
    try:
        with open_regular(path) as file:
            text = file.read() if tail is None else _end(file.fileno(), tail)
    except (FileNotFoundError, NotADirectoryError):
        return []
    lines = text.decode("utf-8", "replace").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines if tail is None else lines[max(0, len(lines) - tail) :]


def _end(descriptor: int, n_lines: int) -> bytes:
    """Read backwards until there are more line ends than lines are asked for."""
    start = os.fstat(descriptor).st_size
    blocks: list[bytes] = []
    n_found = 0
    while start > 0 and n_found <= n_lines:
        length = min(start, _BLOCK_BYTES)
        start -= length
        os.lseek(descriptor, start, os.SEEK_SET)
        blocks.append(os.read(descriptor, length))
        n_found += blocks[-1].count(b"\n")
    return b"".join(reversed(blocks))

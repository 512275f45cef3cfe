"""Live logs: every listener reads the file itself, from its own offset, at its own pace.

The file is the buffer, so a slow listener loses nothing and slows nobody. All listeners of a server
are woken by one watcher of the root. A line is sent once, complete.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import BinaryIO

from runicorn.query.files import open_regular

# One read of a log, and the longest line sent whole [bytes].
BLOCK_BYTES = 256 << 10
MAX_LINE_BYTES = 1 << 20
# So much before the offset is compared, to notice a file that was cut and written anew [bytes].
SEAM_BYTES = 64
# A listener looks by itself this often, in case the file system tells nothing [s].
LOOK_S = 5.0


class LogTails:
    """The listeners of all logs of one server; used on the event loop only."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Path, set[asyncio.Event]] = defaultdict(set)

    @property
    def n_listeners(self) -> int:
        """How many listeners there are."""
        return sum(map(len, self._waiting.values()))

    def wake(self, paths: Iterable[Path]) -> None:
        """Tell those who listen to these files, or below these folders, that there may be more."""
        changed = set(paths)
        for path, events in self._waiting.items():
            # Of a folder that came with its files the file system may name the folder only.
            if not changed.isdisjoint((path, *path.parents)):
                for event in events:
                    event.set()

    async def follow(self, path: Path) -> AsyncIterator[list[str]]:
        """Yield the lines of a log as they become complete, for ever.

        A log that is not there yet is waited for; one that was replaced or cut is read anew.
        """
        changed = asyncio.Event()
        self._waiting[path].add(changed)
        position = _Position(path)
        try:
            while True:
                changed.clear()
                while lines := await asyncio.to_thread(position.read):
                    yield lines
                try:
                    await asyncio.wait_for(changed.wait(), LOOK_S)
                except TimeoutError:
                    continue
        finally:
            self._waiting[path].discard(changed)
            if not self._waiting[path]:
                del self._waiting[path]


class _Position:
    """Where one listener stands in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._inode = 0
        self._seam = b""

    def read(self) -> list[str]:
        """Return the next complete lines, none when there are no more for now."""
        try:
            with open_regular(self._path, buffering=0) as file:
                block = self._read_on(file)
        except OSError:
            return []
        end = block.rfind(b"\n") + 1
        if not end and len(block) >= MAX_LINE_BYTES:
            end = _end_of_character(block)  # a line without end is sent in pieces
        if not end:
            return []
        self._offset += end
        self._seam = (self._seam + block[:end])[-SEAM_BYTES:]
        return block[:end].removesuffix(b"\n").decode("utf-8", "replace").split("\n")

    def _read_on(self, file: BinaryIO) -> bytes:
        """Read on from the offset, or from the start if this is not the file that was read before.

        What stands before the offset is compared in the same read that brings what follows it, so
        that nobody can write the file anew between the two.
        """
        seen = os.fstat(file.fileno())
        if seen.st_ino == self._inode and seen.st_size >= self._offset:
            block = _read_line_or_more(file, self._offset - len(self._seam), len(self._seam))
            if block.startswith(self._seam):
                return block[len(self._seam) :]
        self._inode, self._offset, self._seam = seen.st_ino, 0, b""
        return _read_line_or_more(file, 0, 0)


def _read_line_or_more(file: BinaryIO, offset: int, n_known: int) -> bytes:
    """Read a block behind so many known bytes, and on to the end of its first line, but no more."""
    file.seek(offset)
    block = file.read(n_known + BLOCK_BYTES)
    while b"\n" not in block[n_known:] and BLOCK_BYTES <= len(block) - n_known < MAX_LINE_BYTES:
        more = file.read(BLOCK_BYTES)
        if not more:
            break
        block += more
    return block


def _end_of_character(block: bytes) -> int:
    """Return an end that cuts no character of UTF-8 apart."""
    end = len(block)
    while end > len(block) - 4 and block[end - 1] & 0xC0 == 0x80:  # noqa: PLR2004 - 10xxxxxx goes on
        end -= 1
    # What begins here goes on behind the end, unless it is a character of one byte.
    return end - 1 if block[end - 1] >= 0xC0 else len(block)  # noqa: PLR2004 - 11xxxxxx begins one

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

from runicorn.query.files import open_regular

# One read of a log, and the longest line sent whole [bytes].
BLOCK_BYTES = 256 << 10
MAX_LINE_BYTES = 1 << 20
# A listener looks by itself this often, in case the file system tells nothing [s].
LOOK_S = 5.0


class LogTails:
    """The listeners of all logs of one server; used on the event loop only."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Path, set[asyncio.Event]] = defaultdict(set)

    def wake(self, paths: Iterable[Path]) -> None:
        """Tell those who listen to these files that there may be more."""
        for path in paths:
            for event in self._waiting.get(path, ()):
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

    def read(self) -> list[str]:
        """Return the next complete lines, none when there are no more for now."""
        try:
            with open_regular(self._path) as file:
                seen = os.fstat(file.fileno())
                if seen.st_ino != self._inode or seen.st_size < self._offset:
                    self._inode, self._offset = seen.st_ino, 0
                file.seek(self._offset)
                block = file.read(BLOCK_BYTES)
                while b"\n" not in block and BLOCK_BYTES <= len(block) < MAX_LINE_BYTES:
                    more = file.read(BLOCK_BYTES)
                    if not more:
                        break
                    block += more
        except OSError:
            return []
        end = block.rfind(b"\n") + 1
        if not end and len(block) >= MAX_LINE_BYTES:
            end = len(block)  # a line without end is sent in pieces
        self._offset += end
        complete = block[:end].removesuffix(b"\n")
        return complete.decode("utf-8", "replace").split("\n") if end else []

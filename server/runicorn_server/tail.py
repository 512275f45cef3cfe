"""Live logs: every listener reads the file itself, from its own offset, at its own pace.

The file is the buffer, so a slow listener loses nothing and slows nobody. All listeners of a server
are woken by one watcher of the root. A line is sent once, complete.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from runicorn.query.tail import LogPosition

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
        position = LogPosition(path)
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

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

# A listener looks by itself this often, in case the file system tells nothing, and this often where
# it is known to tell nothing [s].
LOOK_S = 5.0
LOOK_OFTEN_S = 0.1


class LogTails:
    """The listeners of all logs of one server; used on the event loop only."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Path, set[asyncio.Event]] = defaultdict(set)
        self._must_look_often = False

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

    def look_often(self, must_look_often: bool) -> None:
        """Say whether listeners have to look by themselves, since nobody wakes them in time."""
        self._must_look_often = must_look_often
        for events in self._waiting.values():
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
                    look_s = LOOK_OFTEN_S if self._must_look_often else LOOK_S
                    await asyncio.wait_for(changed.wait(), look_s)
                except TimeoutError:
                    continue
        finally:
            self._waiting[path].discard(changed)
            if not self._waiting[path]:
                del self._waiting[path]

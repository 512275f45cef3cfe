"""Watches the root: tells which paths below it changed, whatever happens to the root itself.

Reads only what the file system tells; idle folders cost nothing. A root that vanishes is waited
for. Where the system can't watch, or another machine may write, the root is polled instead.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from runicorn.query.places import touched_run
from runicorn_server import inotify
from runicorn_server.mounts import is_shared
from runicorn_server.polling import Poll

# Between two batches of changes [s], and for how long a general watcher gathers one, at most or
# until it was quiet for one step [ms].
GATHER_S = 0.04
GATHER_MS = 100
QUIET_MS = 40
# How often the root is polled where it can't be watched; a large root takes longer to be looked
# through, and this share of one core at most. How often it is looked for when it is gone [s].
POLL_S = 2.0
POLL_SHARE = 0.1
MISSING_S = 1.0
# The pause after a failure, doubled up to the last [s].
RETRY_S = 1.0
MAX_RETRY_S = 60.0

_log = logging.getLogger("runicorn.server")

Tell = Callable[[set[Path]], None]


class Watcher:
    """Watches one root for as long as `run` runs."""

    def __init__(
        self,
        root: Path,
        tell: Tell,
        look_at_all: Callable[[], None],
        poll: Callable[[bool], None],
    ) -> None:
        """Prepare; everything is called on the running event loop.

        Args:
            root: Absolute; need not exist.
            tell: Called with the paths that changed below the root, a batch at a time.
            look_at_all: Called whenever changes may have been missed, so at the start as well.
            poll: Called with whether the root is polled from now on, so that news comes late.
        """
        self._root = root
        self._tell = tell
        self._look_at_all = look_at_all
        self._poll = poll
        self._must_poll = False
        self._loop = asyncio.get_running_loop()
        self._reading = threading.Lock()
        self._tree: inotify.Tree | None = None
        self._stirred = asyncio.Event()
        self._is_lost = False
        self._error: OSError | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        pause_s = RETRY_S
        while True:
            while not await asyncio.to_thread(self._is_there):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(MISSING_S)
            try:
                await self._watch_once()
                pause_s = RETRY_S
            except FileNotFoundError:  # gone between two looks
                await asyncio.sleep(MISSING_S)
            except Exception as error:  # noqa: BLE001 - what a system's watcher raises is its own affair
                _log.warning("%s can't be watched, so it is polled: %s", self._root, error)
                self._must_poll = True
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, MAX_RETRY_S)

    def drain(self) -> None:
        """Tell of all that was written before this call, where the system knows it at once.

        To be called from any thread but the event loop's; what is told is on its way to the loop
        when this returns.
        """
        with self._reading:
            if self._tree is not None:
                self._read(self._tree)

    def _is_there(self) -> bool:
        try:
            return self._root.is_dir()
        except OSError:  # a folder above it can't be entered for now
            return False

    async def _watch_once(self) -> None:
        """Watch until the root is gone or something was missed."""
        must_poll = self._must_poll or await asyncio.to_thread(is_shared, self._root)
        self._poll(must_poll)
        if must_poll:
            await self._look_again_and_again()
        elif inotify.IS_HERE:
            await self._watch_tree()
        else:
            await self._watch_in_general()

    async def _watch_tree(self) -> None:
        tree = inotify.Tree(self._root)
        self._is_lost, self._error = False, None
        try:
            await asyncio.to_thread(self._open, tree)
            self._look_at_all()
            while not self._is_lost:
                self._stirred.clear()
                self._loop.add_reader(tree.fileno(), self._stirred.set)
                await self._stirred.wait()
                self._loop.remove_reader(tree.fileno())
                await asyncio.to_thread(self.drain)
                await asyncio.sleep(GATHER_S)
        finally:
            self._loop.remove_reader(tree.fileno())
            tree.is_stopped = True
            with self._reading:
                self._tree = None
                tree.close()
        if self._error is not None:
            raise self._error

    def _open(self, tree: inotify.Tree) -> None:
        with self._reading:
            tree.watch()
            if not tree.is_stopped:
                self._tree = tree

    def _read(self, tree: inotify.Tree) -> None:
        # Under the lock, so that nobody who finds the queue empty is ahead of who emptied it.
        try:
            news = tree.read()
        except OSError as error:
            self._error, news = error, inotify.News(is_lost=True)
        if news.paths:
            self._loop.call_soon_threadsafe(self._tell, news.paths)
        if news.is_lost:
            self._is_lost = True
            self._loop.call_soon_threadsafe(self._stirred.set)

    async def _look_again_and_again(self) -> None:
        poll, spent_s = Poll(self._root), 0.0
        await asyncio.to_thread(poll.look)
        self._look_at_all()
        while True:
            await asyncio.sleep(max(POLL_S, spent_s / POLL_SHARE))
            began = time.monotonic()
            paths = await asyncio.to_thread(poll.look)
            spent_s = time.monotonic() - began
            if paths:
                self._tell(paths)

    async def _watch_in_general(self) -> None:
        """Watch by a library that knows macOS and Windows.

        The real path is watched, since some systems tell that one whatever they were asked for.
        """
        from watchfiles import Change, awatch

        real = await asyncio.to_thread(self._root.resolve)
        changes = awatch(
            real,
            watch_filter=_is_of_interest,
            debounce=GATHER_MS,
            step=QUIET_MS,
            ignore_permission_denied=True,
        )
        # It runs up to its first wait at the next turn, and by then the folders are watched.
        self._loop.call_soon(self._look_at_all)
        async for batch in changes:
            told = {(change, self._root / Path(path).relative_to(real)) for change, path in batch}
            self._tell({path for _change, path in told})
            if any(self._is_of_folders(path) for change, path in told if change != Change.modified):
                self._look_at_all()
            if (Change.deleted, self._root) in told:
                await changes.aclose()
                return

    def _is_of_folders(self, path: Path) -> bool:
        return touched_run(self._root, path).is_above_runs


def _is_of_interest(_change: object, path: str) -> bool:
    """Pass over our own index and the temporary files of atomic writes."""
    name = Path(path).name
    return not name.startswith("runicorn.db") and not name.endswith(".tmp")

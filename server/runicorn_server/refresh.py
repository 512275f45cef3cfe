"""Keeps the index up to the files while the server runs, and tells listeners what changed.

Watches the root; when nothing changes there it does nothing at all. Catching up happens in a
thread, at most twice a second. While runs are marked running, their processes are looked at from
time to time, since a killed process changes no file.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import Change, awatch

from runicorn.errors import RunicornError
from runicorn.query.models import CatchUpReport
from runicorn.store import Store

# Changes are gathered for this long at most, or until it was quiet for one step [ms].
GATHER_MS = 100
QUIET_MS = 40
# Two rounds of catching up begin at least this far apart [s].
ROUND_S = 0.5
# How often the processes of running runs are looked at [s].
LOOK_S = 15.0
# The pause after a failed round, doubled up to the last [s].
RETRY_S = 1.0
MAX_RETRY_S = 60.0

_log = logging.getLogger("runicorn.server")

Publish = Callable[[CatchUpReport], None]
Wake = Callable[[Iterable[Path]], None]


class Refresher:
    """Three tasks of one server: watch, catch up, look after running runs.

    Attributes:
        first_round: Set once the first catch-up has ended, well or not.
    """

    def __init__(self, store: Store, publish: Publish, wake: Wake) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            store: What is caught up.
            publish: Called on the event loop with the report of each round that changed something.
            wake: Called on the event loop with the files that changed.
        """
        self.first_round = threading.Event()
        self._store = store
        self._publish = publish
        self._wake = wake
        self._stopping = asyncio.Event()
        self._touched: set[str] = set()
        self._is_all_touched = True
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the tasks on the running event loop."""
        self._work.set()
        for work in (self._watch, self._catch_up, self._look_after):
            self._tasks.append(asyncio.create_task(work(), name=f"runicorn{work.__name__}"))

    async def stop(self) -> None:
        """Stop the tasks; a round in progress ends first."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self) -> None:
        root = self._store.root
        changes = awatch(
            root,
            watch_filter=_is_of_a_run,
            debounce=GATHER_MS,
            step=QUIET_MS,
            stop_event=self._stopping,
            ignore_permission_denied=True,
        )
        async for batch in changes:
            paths = [Path(path) for _, path in batch]
            self._wake(paths)
            for path in paths:
                self._touch(path)
            self._work.set()

    def _touch(self, path: Path) -> None:
        run_id = run_of(self._store.root, path)
        if run_id is None:
            self._is_all_touched = True
        else:
            self._touched.add(run_id)

    async def _catch_up(self) -> None:
        pause_s = RETRY_S
        while True:
            await self._work.wait()
            self._work.clear()
            began = time.monotonic()
            run_ids = None if self._is_all_touched else sorted(self._touched)
            self._touched, self._is_all_touched = set(), False
            try:
                report = await asyncio.to_thread(self._store.catch_up, run_ids)
            except (RunicornError, OSError) as error:
                _log.warning("the index can't be brought up to date for now: %s", error)
                self._is_all_touched = True
                self._work.set()
                self.first_round.set()
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, MAX_RETRY_S)
                continue
            pause_s = RETRY_S
            self.first_round.set()
            if report.added or report.changed or report.removed:
                self._publish(report)
            if not report.is_complete:
                self._is_all_touched = True
                self._work.set()
            await asyncio.sleep(max(0.0, ROUND_S - (time.monotonic() - began)))

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                projects = await asyncio.to_thread(self._store.projects)
            except (RunicornError, OSError):
                continue
            if any(project.n_running for project in projects):
                self._is_all_touched = True
                self._work.set()


def run_of(root: Path, path: Path) -> str | None:
    """Tell the run that a changed path belongs to; ``None`` for a folder above all runs."""
    parts = path.relative_to(root).parts
    for place, part in enumerate(parts[:-1]):
        if part == "runs":
            return parts[place + 1]
    return None


def _is_of_a_run(_change: Change, path: str) -> bool:
    """Pass over our own index and the temporary files of atomic writes."""
    name = path.rpartition("/")[2]
    return not name.startswith("runicorn.db") and not name.endswith(".tmp")

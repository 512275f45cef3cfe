"""Keeps the index up to the files while the server runs, and tells listeners what changed.

When nothing changes below the root it does nothing at all. Catching up happens in a thread, at most
twice a second, and at once when a request waits for it. While runs are marked running, their
processes are looked at from time to time, since a killed process changes no file.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from runicorn.errors import IndexUnfinishedError, RunicornError
from runicorn.query.models import CatchUpReport, ExperimentQuery
from runicorn.query.places import may_be_run_id, touched_run
from runicorn.store import Reach, Store
from runicorn_server.tail import LogTails
from runicorn_server.watch import Watcher

# Two rounds of catching up begin at least this far apart, unless a request waits [s].
ROUND_S = 0.5
# A round stops after about this long and goes on in the next, so that others get their turn; one
# of all runs gets longer, since it begins by looking at them all [s].
BUDGET_S = 1.0
SWEEP_BUDGET_S = 5.0
# A request waits this long for what was logged before it, then answers what there is [s].
SETTLE_S = 0.3
# A request waits this long until a new index lists all runs, and so many may wait so at once:
# others need the threads, above all V1, which needs no index [s].
LISTED_S = 2.0
MAX_WAITING = 8
# How often the running runs are looked at, and every how many of these looks all runs are [s].
LOOK_S = 15.0
LOOKS_A_SWEEP = 4
# The pause after a failed round, doubled up to the last [s].
RETRY_S = 1.0
MAX_RETRY_S = 60.0
# How long a round in progress may hold up the end of the server [s].
STOP_S = 5.0

_log = logging.getLogger("runicorn.server")

Folders = Mapping[str, set[Path]]
Publish = Callable[[CatchUpReport], None]


class Refresher:
    """Three tasks of one server: watch, catch up, look after running runs."""

    def __init__(self, store: Store, publish: Publish, tails: LogTails) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            store: What is caught up.
            publish: Called on the event loop with what changed, after each round with news.
            tails: The listeners of logs, who hear of the files that changed.
        """
        self._store = store
        self._publish = publish
        self._tails = tails
        self._loop = asyncio.get_running_loop()
        self._watcher = Watcher(store.root, self._note, self._look_at_all, tails.look_often)
        self._touched: defaultdict[str, set[Path]] = defaultdict(set)
        self._asked: set[str] = set()
        self._is_all_touched = True
        self._is_sweep_due = False
        self._has_listed = False
        self._is_in_round = False
        self._is_failing = False
        self._waiting: list[threading.Event] = []
        self._seats = threading.BoundedSemaphore(MAX_WAITING)
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._may_run = asyncio.Event()
        self._stopping = threading.Event()
        self._rounds: asyncio.Task[None] | None = None
        self._others: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the tasks on the running event loop."""
        self._may_run.set()
        self._rounds = asyncio.create_task(_go_on(self._catch_up), name="runicorn_catch_up")
        self._others = [
            asyncio.create_task(_go_on(self._watcher.run), name="runicorn_watch"),
            asyncio.create_task(_go_on(self._look_after), name="runicorn_look_after"),
        ]

    async def stop(self) -> None:
        """Stop the tasks; a round in progress may end first."""
        self._stopping.set()
        self._work.set()
        self._hurry.set()
        for task in self._others:
            task.cancel()
        if self._rounds is not None:
            await asyncio.wait([self._rounds], timeout=STOP_S)
            self._rounds.cancel()
        tasks = [*self._others, *([self._rounds] if self._rounds else [])]
        await asyncio.gather(*tasks, return_exceptions=True)

    def settle(self, run_ids: Iterable[str] = ()) -> None:
        """Wait until what was logged before this call is in the index, but not for long.

        To be called from a thread of a request. An index that was deleted or broken is made anew
        by whoever looks into it first; then this is where it is noticed.

        Args:
            run_ids: Runs to catch up with even if nothing told of a change yet.

        Raises:
            IndexUnfinishedError: The index has to be filled first, and that takes longer.
        """
        if self._is_failing:
            return
        with suppress(RuntimeError):  # the loop was closed: the server ends
            if self._is_listed():
                run_ids = set(filter(may_be_run_id, run_ids))
                self._watcher.drain()
                done = threading.Event()
                self._loop.call_soon_threadsafe(self._ask, run_ids, done)
                done.wait(SETTLE_S)
            elif not self._is_failing:
                raise IndexUnfinishedError("the index does not list all runs yet")

    def _is_listed(self) -> bool:
        """Tell whether the index lists all runs, after a wait if it has to be filled first."""
        reach = self._reach() if self._has_listed else Reach.BEGUN
        if reach is not Reach.BEGUN:
            if reach is Reach.LISTED:  # perhaps by a process that was ended before it read on
                self._loop.call_soon_threadsafe(self._touch_all)
            return True
        if not self._seats.acquire(blocking=False):
            return False
        try:
            return self._is_listed_in_time()
        finally:
            self._seats.release()

    def _is_listed_in_time(self) -> bool:
        deadline = time.monotonic() + LISTED_S
        while (rest := deadline - time.monotonic()) > 0 and not self._is_failing:
            done = threading.Event()
            self._loop.call_soon_threadsafe(self._ask_all, done)
            done.wait(rest)
            if self._has_listed and self._reach() is not Reach.BEGUN:
                return True
        return False

    def _reach(self) -> Reach:
        try:
            return self._store.reach()
        except RunicornError:  # broken, so it is made anew at the next look
            return Reach.BEGUN

    def _ask_all(self, done: threading.Event) -> None:
        self._touch_all()
        self._waiting.append(done)
        self._hurry.set()

    def _ask(self, run_ids: set[str], done: threading.Event) -> None:
        is_pending = self._touched or self._is_all_touched or self._is_in_round
        if not run_ids and not is_pending:
            done.set()
            return
        self._asked |= run_ids
        self._waiting.append(done)
        self._work.set()
        self._hurry.set()

    def _note(self, paths: set[Path]) -> None:
        self._tails.wake(paths)
        for path in paths:
            touched = touched_run(self._store.root, path)
            if touched.run_id is not None and touched.folder is not None:
                self._touched[touched.run_id].add(touched.folder)
                self._work.set()

    def _look_at_all(self) -> None:
        self._tails.wake([self._store.root])
        self._touch_all()
        self._hurry.set()  # a root that came back may end what went wrong

    def _touch(self, folders: Folders) -> None:
        for run_id, paths in folders.items():
            self._touched[run_id] |= paths

    def _touch_all(self) -> None:
        self._is_all_touched = True
        self._work.set()

    async def _catch_up(self) -> None:
        pause_s = RETRY_S
        while True:
            await self._work.wait()
            self._work.clear()
            self._hurry.clear()
            if self._stopping.is_set():
                return
            began = time.monotonic()
            if await self._round():
                pause_s = RETRY_S
                await self._rest(began + ROUND_S)
                continue
            await self._rest(time.monotonic() + pause_s)
            pause_s = min(2 * pause_s, MAX_RETRY_S)

    async def _round(self) -> bool:
        """Catch up once; tell whether it went well."""
        touched, waiting = self._touched, self._waiting
        # Who waits for some runs does not wait for all of them, but a sweep is put off only once.
        is_sweep = self._is_all_touched and (not self._asked or self._is_sweep_due)
        self._is_sweep_due = self._is_all_touched and not is_sweep
        run_ids = None if is_sweep else sorted(self._asked | touched.keys())
        self._touched, self._waiting, self._asked = defaultdict(set), [], set()
        self._is_all_touched = self._is_all_touched and not is_sweep
        self._is_in_round = True
        budget_s = SWEEP_BUDGET_S if is_sweep else BUDGET_S
        try:
            report = await asyncio.to_thread(
                self._store.catch_up, run_ids, budget_s, folders=touched, stop=self._stopping
            )
            self._has_listed = self._has_listed or (is_sweep and report.is_listed)
        except Exception as error:  # noqa: BLE001 - the server goes on without an index
            self._fail(error, touched)
            return False
        finally:
            self._is_in_round = False
            for done in waiting:
                done.set()
        if self._is_failing:
            _log.info("the index is up to date again")
        self._is_failing = False
        self._tell(report, touched)
        if not report.is_complete:
            self._touch(touched)
            self._is_all_touched = self._is_all_touched or is_sweep
            self._hurry.set()
        if self._is_all_touched or self._touched:
            self._work.set()
        return True

    def _fail(self, error: Exception, touched: Folders) -> None:
        if not self._is_failing:  # told once, not at every try
            is_known = isinstance(error, RunicornError | OSError)
            _log.warning(
                "the index can't be brought up to date for now: %s",
                error,
                exc_info=None if is_known else error,
            )
        self._is_failing = True
        self._touch(touched)
        self._touch_all()

    def _tell(self, report: CatchUpReport, touched: Iterable[str]) -> None:
        # Another process may have indexed what was touched here, and then our report lacks it.
        others = set(touched).difference(report.changed, report.added, report.removed)
        if report.added or report.changed or report.removed or others:
            self._may_run.set()
            changed = [*report.changed, *sorted(others)]
            self._publish(report.model_copy(update={"changed": changed}))

    async def _rest(self, until: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), max(0.0, until - time.monotonic()))

    async def _look_after(self) -> None:
        n_looks = 0
        while True:
            await self._may_run.wait()
            await asyncio.sleep(LOOK_S)
            self._may_run.clear()
            try:
                running = await asyncio.to_thread(self._running)
            except (RunicornError, OSError):
                self._may_run.set()
                continue
            if not running:
                continue
            self._may_run.set()
            n_looks += 1
            if n_looks % LOOKS_A_SWEEP == 0:
                self._touch_all()
            else:
                self._asked |= running
                self._work.set()

    def _running(self) -> set[str]:
        query = ExperimentQuery(status=["running"], per_page=1000)
        return {run.id for run in self._store.experiments(query).experiments}


async def _go_on(work: Callable[[], Awaitable[None]]) -> None:
    """Do work that ends only with the server; what nobody expected does not end it."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - the log tells what it was
            _log.exception("something went wrong in the background; it goes on")
            await asyncio.sleep(RETRY_S)
        else:
            return

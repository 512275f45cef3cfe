"""Built-in plugin: keeps the index up to date while a run records, in the background.

It calls the same catch-up as every reader, within a budget. What it misses, the next reader
catches up, so it never has to hurry, and when the disk or the database is in trouble it steps back.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time

from runicorn.plugins.hookspecs import RecordingRun, hookimpl

# The share of one core that it may take, and its shortest and longest pause [s].
SHARE = 0.05
MIN_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
# One catch-up may hold the writing lock of the database for about so long [s].
BUDGET_S = 0.2
# `finish` waits this long for the last catch-up [s].
LAST_S = 2.0

_log = logging.getLogger("runicorn")
_indexers: dict[str, _Indexer] = {}


@hookimpl
def runicorn_run_started(run: RecordingRun) -> None:
    """Start indexing in a thread of its own."""
    indexer = _indexers[run.id] = _Indexer(run)
    indexer.start()


@hookimpl
def runicorn_run_finished(run: RecordingRun) -> None:
    """Index what is left, as far as it goes quickly, and stop."""
    indexer = _indexers.pop(run.id, None)
    if indexer is not None:
        indexer.stop()


class _Indexer(threading.Thread):
    """Catches the index up with one run until it is told to stop."""

    def __init__(self, run: RecordingRun) -> None:
        super().__init__(name=f"runicorn-live-index-{run.id}", daemon=True)
        self._root = run.root
        self._run_id = run.id
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask for one last catch-up and wait for it, but not for long."""
        self._stopping.set()
        self.join(LAST_S)

    def run(self) -> None:
        """Work until stopped; trouble is told once and then waited out."""
        pause_s, has_warned = MIN_PAUSE_S, False
        while not self._stopping.wait(pause_s):
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - promise 5: no database trouble stops a run
                if not has_warned:
                    _log.warning("the index is not kept up to date for now: %s", error)
                has_warned = True
                pause_s = MAX_PAUSE_S
                continue
            return

    def _work(self) -> None:
        # SQL is imported here and only here while recording, and not by scripts that end at once.
        database_module = importlib.import_module("runicorn.index.database")
        catchup = importlib.import_module("runicorn.index.catchup")
        database = database_module.open_database(self._root)
        try:
            is_last = False
            while not is_last:
                is_last = self._stopping.is_set()
                began = time.thread_time()
                catchup.catch_up(database, self._root, run_ids=[self._run_id], budget_s=BUDGET_S)
                spent_s = time.thread_time() - began
                self._stopping.wait(min(MAX_PAUSE_S, max(MIN_PAUSE_S, spent_s / SHARE)))
        finally:
            database.close()

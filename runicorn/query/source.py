"""The index at hand: brought up to the files when asked, and a spare one where it can't be used.

Reads the root, writes only an index. Where the root's own index is locked, broken or can't be
written, a spare one is made from the files in a temporary folder and thrown away when it is closed.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from runicorn.errors import IndexUnavailableError
from runicorn.index import catchup
from runicorn.index.database import Database, open_database
from runicorn.index.schema import EXPERIMENTS

# A list of runs waits so long for journals that nobody has read yet [s].
BUDGET_S = 60.0

_log = logging.getLogger("runicorn")


class Source:
    """The index of one root; may be used from any thread.

    Attributes:
        root: The root, absolute; it need not exist yet.
    """

    def __init__(self, root: Path, *, must_list_all: bool = False) -> None:
        self.root = root
        self._must_list_all = must_list_all
        self._lock = threading.RLock()
        self._own: Database | None = None
        self._spare: _Spare | None = None
        self._is_behind = False

    @property
    def index(self) -> Database:
        """The root's own index, opened when it is first asked.

        Raises:
            IndexUnavailableError: It can't be opened or made.
        """
        with self._lock:
            if self._own is None:
                self._own = open_database(self.root)
                self._own.must_list_all = self._must_list_all
            return self._own

    @property
    def in_use(self) -> Database:
        """The spare index once there is one, else the root's own.

        Raises:
            IndexUnavailableError: It can't be opened or made.
        """
        with self._lock:
            return self.index if self._spare is None else self._spare.database

    def stand_in(self, error: IndexUnavailableError) -> None:
        """Use a spare index from now on; it is empty until it is caught up.

        Args:
            error: Why the root's own can't be used.

        Raises:
            IndexUnavailableError: Not even a spare index can be made.
        """
        self._make_spare(error)

    def caught_up(self, run_ids: Sequence[str] | None = None) -> Database:
        """Return an index that holds what the files say.

        Args:
            run_ids: These runs count; when ``None`` all do, and what is not read within a minute is
                warned about.

        Raises:
            IndexUnavailableError: Not even a spare index can be made.
        """
        with self._lock:
            spare = self._spare
        if spare is None:
            try:
                self._catch_up(self.index, run_ids)
            except IndexUnavailableError as error:
                spare = self._make_spare(error)
            else:
                return self.index
        self._catch_up(spare.database, run_ids)
        return spare.database

    def at_hand(self, run_id: str, *, is_final: bool) -> Database:
        """Return an index that holds all of one run, at no cost when it is known to.

        Args:
            run_id: The run.
            is_final: Whether it had ended when it was last read, so that nothing is new of it.

        Raises:
            IndexUnavailableError: Not even a spare index can be made.
        """
        with self._lock:
            in_use = self._spare.database if self._spare is not None else self._own
        if is_final and in_use is not None and not self._is_behind:
            with suppress(IndexUnavailableError):
                if _knows(in_use, run_id):
                    return in_use
        return self.caught_up([run_id])

    def close(self) -> None:
        """Close the index and drop a spare one; a later call opens it again."""
        with self._lock:
            if self._own is not None:
                self._own.close()
            if self._spare is not None:
                self._spare.drop()
            self._own = self._spare = None

    def _catch_up(self, database: Database, run_ids: Sequence[str] | None) -> None:
        budget_s = BUDGET_S if run_ids is None else None
        report = catchup.catch_up(database, self.root, run_ids, budget_s)
        if run_ids is None:
            self._is_behind = not report.is_complete
        if not report.is_complete:
            _log.warning(
                "the index of %s is still behind the files, so runs and values may be missing; "
                "`Store.catch_up` brings it up to them",
                self.root,
            )

    def _make_spare(self, error: IndexUnavailableError) -> _Spare:
        with self._lock:
            if self._spare is None:
                self._spare = _Spare()
                _log.warning(
                    "%s; this process reads the runs into an index of its own meanwhile", error
                )
            return self._spare


def _knows(database: Database, run_id: str) -> bool:
    # An index that was deleted meanwhile is made anew, empty, by whoever looks into it first.
    with database.reading() as connection:
        found = connection.execute(select(EXPERIMENTS.c.id).where(EXPERIMENTS.c.id == run_id))
        return found.first() is not None


class _Spare:
    """An index in a temporary folder that goes with the process at the latest."""

    def __init__(self) -> None:
        try:
            folder = tempfile.mkdtemp(prefix="runicorn-index-")
        except OSError as error:
            raise IndexUnavailableError(f"no temporary folder can be made: {error}") from error
        self.database = Database(Path(folder) / "runicorn.db")
        self.drop = weakref.finalize(self, _drop, self.database, folder, os.getpid())


def _drop(database: Database, folder: str, pid: int) -> None:
    if os.getpid() == pid:  # a forked child leaves the folder of its parent alone
        database.close()
        shutil.rmtree(folder, ignore_errors=True)

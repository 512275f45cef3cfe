"""The reading front door: one root, its index and its files.

Reads the root; writes only the index, which is a cache of the files. Every method may be called
from any thread.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runicorn.errors import IndexUnavailableError, InvalidFilterError, RunNotFoundError
from runicorn.index import catchup
from runicorn.index.database import Database, Reach
from runicorn.query import projects, series, table
from runicorn.query import runs as run_list
from runicorn.query.facts import read_facts
from runicorn.query.history import History
from runicorn.query.models import (
    CatchUpReport,
    ExperimentDetail,
    ExperimentPage,
    ExperimentQuery,
    MetricsTable,
    ProjectFields,
    ProjectSummary,
    SeriesAnswer,
    SeriesRequest,
    StepRange,
)
from runicorn.query.ordering import keys_of
from runicorn.query.source import Source
from runicorn.settings import find_root
from runicorn.stored import StoredRun

if TYPE_CHECKING:
    from runicorn.query.files import FileReader

__all__ = ["History", "Reach", "Store", "StoredRun", "open", "run_by_id", "runs"]

# Stores that the module functions keep open.
_MAX_STORES = 8

_log = logging.getLogger("runicorn")


class Store:
    """Reads one root; also a context manager.

    `runs` and `run` read what the files say at that moment. The index is opened when it is first
    asked, so `files` works without one; the other answers show it as it is, and `catch_up` brings
    it up to the files.

    Attributes:
        root: The root, absolute; it need not exist yet.
    """

    def __init__(self, root: Path, *, must_list_all: bool = False) -> None:
        """Prepare to read; nothing is opened yet.

        Args:
            root: The root.
            must_list_all: Refuse to answer from an index that was made anew and does not list all
                runs yet, with an `IndexUnfinishedError`.
        """
        self.root = root.absolute()
        self._lock = threading.Lock()
        self._source = Source(self.root, must_list_all=must_list_all)
        self._files: FileReader | None = None

    @property
    def files(self) -> FileReader:
        """What can be read straight from the files, without an index."""
        with self._lock:
            if self._files is None:
                from runicorn.query.files import FileReader

                self._files = FileReader(self.root)
            return self._files

    def runs(
        self,
        project: str | None = None,
        *,
        name: str | None = None,
        filter: str | None = None,  # noqa: A002 - the word that everybody uses for it
        sort: str | Sequence[str] | None = None,
        limit: int | None = None,
        include_deleted: bool = False,
    ) -> list[StoredRun]:
        """Read the runs as they are now, newest first; see `runicorn.runs`.

        Raises:
            InvalidFilterError: A part of the question can't be understood; the error names it.
            IndexUnavailableError: Not even a spare index can be made.
        """
        if limit is not None and limit < 0:
            raise InvalidFilterError("limit", f"is at least 0, not {limit}")
        if not self.root.is_dir():
            _log.warning("there is no folder %s, so there are no runs in it", self.root)
            return []
        query = ExperimentQuery(
            project=project, name=name, filter=filter, include_deleted=include_deleted
        )
        found = run_list.find_runs(self._source.caught_up(), query, keys_of(sort), limit)
        return [StoredRun(**facts, _source=self._source) for facts in found]

    def run(self, run_id: str) -> StoredRun:
        """Read one run as it is now.

        Args:
            run_id: Its id, or a beginning of it that no other run has.

        Raises:
            RunNotFoundError: There is no such run, or several begin with the text.
            IndexUnavailableError: Not even a spare index can be made.
        """
        if not self.root.is_dir():
            raise RunNotFoundError(run_id)
        with self._source.caught_up([run_id]).reading() as connection:
            found = run_list.find_run_id(connection, run_id)
        with self._source.caught_up([found]).reading() as connection:
            return StoredRun(**read_facts(connection, found), _source=self._source)

    def catch_up(
        self,
        run_ids: Sequence[str] | None = None,
        budget_s: float | None = None,
        progress: Callable[[int, int], None] | None = None,
        folders: Mapping[str, Collection[Path]] | None = None,
        stop: threading.Event | None = None,
    ) -> CatchUpReport:
        """Bring the index up to the files.

        Args:
            run_ids: Only these runs; all when ``None``.
            budget_s: Stop early once so much time has passed; the next call goes on `[s]`.
            progress: Called with (runs done, runs in all) as the journals are read.
            folders: Where some of these runs may lie that came or moved, by id; the others are
                looked for in the whole root.
            stop: Set from any thread, it ends this as if the time were over.

        Raises:
            IndexUnavailableError: The index can't be opened or written.
        """
        report = catchup.catch_up(
            self._index,
            self.root,
            run_ids,
            budget_s,
            folders=folders,
            progress=progress,
            stop=stop,
        )
        return _told(report)

    def stand_in(self, error: IndexUnavailableError) -> None:
        """Answer from a spare index from now on, for a root whose own can't be used.

        It lies in a temporary folder, goes with the store, and is empty until `catch_up`.

        Args:
            error: Why the root's own can't be used; it is warned about.

        Raises:
            IndexUnavailableError: Not even a spare index can be made.
        """
        self._source.stand_in(error)

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> CatchUpReport:
        """Forget the index and read all files anew.

        Args:
            progress: Called with (runs done, runs in all) as the journals are read.

        Raises:
            IndexUnavailableError: The index can't be opened or written.
        """
        self._index.clear()
        return _told(catchup.catch_up(self._index, self.root, progress=progress))

    def experiments(self, query: ExperimentQuery | None = None) -> ExperimentPage:
        """Filter, sort and page the runs; all of them, newest first, when ``None``.

        Raises:
            InvalidFilterError: A part of the query can't be understood; the error names it.
            IndexUnavailableError: The index can't be read.
        """
        return run_list.list_experiments(self._index, query or ExperimentQuery())

    def experiment(self, run_id: str) -> ExperimentDetail:
        """Read one run by its id or a unique prefix of it.

        Raises:
            RunNotFoundError: There is no such run.
            IndexUnavailableError: The index can't be read.
        """
        return run_list.read_experiment(self._index, run_id)

    def projects(self) -> list[ProjectSummary]:
        """List the projects, latest activity first.

        Raises:
            IndexUnavailableError: The index can't be read.
        """
        return projects.list_projects(self._index)

    def fields(self, project: str, runs: Collection[str] | None = None) -> ProjectFields:
        """List metrics and config paths of a project's runs, the most frequent first.

        Args:
            project: The project.
            runs: Ids of the only runs that count; all of the project when ``None``.

        Raises:
            IndexUnavailableError: The index can't be read.
        """
        return projects.list_fields(self._index, project, runs)

    def metrics_table(
        self,
        run_id: str,
        metrics: Sequence[str] | None = None,
        step_range: StepRange | None = None,
        downsample: int | None = None,
    ) -> MetricsTable:
        """Read a run's metrics, one row a step.

        Args:
            run_id: The run's id, or a unique prefix of it.
            metrics: The columns; all in alphabetical order when ``None``.
            step_range: First and last step, inclusive `[steps]`.
            downsample: At most so many rows, evenly spread.

        Raises:
            RunNotFoundError: There is no such run.
            InvalidFilterError: `downsample` is below 1.
            IndexUnavailableError: The index can't be read.
        """
        return table.read_table(self._index, run_id, metrics, step_range, downsample)

    def series(self, request: SeriesRequest) -> SeriesAnswer:
        """Read charts: many runs by many metrics at a pixel width.

        Raises:
            RunNotFoundError: A run is unknown.
            IndexUnavailableError: The index can't be read.
        """
        return series.read_series(self._index, request)

    def revision(self) -> int:
        """Return a number that changes whenever the index changed, also by another process.

        Raises:
            IndexUnavailableError: The index can't be read.
        """
        return self._index.revision()

    def reach(self) -> Reach:
        """Tell how far the index has come since it was made, by whatever process.

        Raises:
            IndexUnavailableError: The index can't be read.
        """
        return self._index.reach()

    def close(self) -> None:
        """Close the index; a later call opens it again."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _index(self) -> Database:
        return self._source.in_use


def open(root: str | os.PathLike[str] | None = None) -> Store:  # noqa: A001 - reads like gzip.open
    """Open a root for reading.

    Args:
        root: The root; found by `runicorn.settings.find_root` when ``None``.
    """
    return Store(find_root(root))


def runs(
    project: str | None = None,
    *,
    name: str | None = None,
    filter: str | None = None,  # noqa: A002 - the word that everybody uses for it
    sort: str | Sequence[str] | None = None,
    limit: int | None = None,
    include_deleted: bool = False,
    root: str | os.PathLike[str] | None = None,
) -> list[StoredRun]:
    """Read the runs of a root as they are now, also those that still record.

    Args:
        project: Only those of this project.
        name: Only those of this experiment.
        filter: Only those that it holds for, such as ``"cfg.lr < 1e-2 and val/acc.max > 0.9"``; see
            docs/reference/filter.md.
        sort: Fields to sort by, the first counts most: ``created_at``, ``started_at``,
            ``duration_s``, ``status``, ``name`` and so on, ``cfg.<path>`` or a metric; ``-`` before
            one for the highest first, as in ``"-val/acc.max,cfg.lr"``. Newest first when ``None``.
        limit: At most so many `[runs]`.
        include_deleted: Also those in the recycle bin.
        root: The root; found by `runicorn.settings.find_root` when ``None``.

    Raises:
        InvalidFilterError: A part of the question can't be understood; the error names it.
    """
    return _store_of(root).runs(
        project, name=name, filter=filter, sort=sort, limit=limit, include_deleted=include_deleted
    )


def run_by_id(run_id: str, root: str | os.PathLike[str] | None = None) -> StoredRun:
    """Read one run as it is now, also one in the recycle bin.

    Args:
        run_id: Its id, or a beginning of it that no other run has.
        root: The root; found by `runicorn.settings.find_root` when ``None``.

    Raises:
        RunNotFoundError: There is no such run, or several begin with the text.
    """
    return _store_of(root).run(run_id)


_stores: OrderedDict[Path, Store] = OrderedDict()
_stores_lock = threading.Lock()


def _store_of(root: str | os.PathLike[str] | None) -> Store:
    """Return a store that stays open for the next call; of several roots the latest used ones."""
    path = find_root(root)
    with _stores_lock:
        store = _stores.setdefault(path, Store(path))
        _stores.move_to_end(path)
        while len(_stores) > _MAX_STORES:
            _stores.popitem(last=False)[1].close()  # opens again by itself when it is asked
        return store


@atexit.register
def _close_stores() -> None:
    for store in _stores.values():
        store.close()


def _told(report: catchup.Report) -> CatchUpReport:
    return CatchUpReport(
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        n_points=report.n_points,
        is_listed=report.is_listed,
        is_complete=report.is_complete,
    )

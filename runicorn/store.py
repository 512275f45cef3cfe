"""The reading front door: one root, its index and its files.

Reads the root; writes only the index, which is a cache of the files. Every method may be called
from any thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runicorn.index import catchup
from runicorn.index.database import Database, open_database
from runicorn.query import projects, runs, series, table
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
from runicorn.settings import find_root

if TYPE_CHECKING:
    from runicorn.query.files import FileReader


class Store:
    """Reads one root; also a context manager.

    The index is opened when it is first asked, so `files` works without one. Answers show the
    index as it is; `catch_up` brings it up to the files.

    Attributes:
        root: The root, absolute; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._files: FileReader | None = None

    @property
    def files(self) -> FileReader:
        """What can be read straight from the files, without an index."""
        with self._lock:
            if self._files is None:
                from runicorn.query.files import FileReader

                self._files = FileReader(self.root)
            return self._files

    def catch_up(
        self, run_ids: Sequence[str] | None = None, budget_s: float | None = None
    ) -> CatchUpReport:
        """Bring the index up to the files.

        Args:
            run_ids: Only these runs; all when ``None``.
            budget_s: Stop early once so much time has passed; the next call goes on `[s]`.

        Raises:
            IndexUnavailableError: The index can't be opened or written.
        """
        return _told(catchup.catch_up(self._index, self.root, run_ids, budget_s))

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
        return runs.list_experiments(self._index, query or ExperimentQuery())

    def experiment(self, run_id: str) -> ExperimentDetail:
        """Read one run by its id or a unique prefix of it.

        Raises:
            RunNotFoundError: There is no such run.
            IndexUnavailableError: The index can't be read.
        """
        return runs.read_experiment(self._index, run_id)

    def projects(self) -> list[ProjectSummary]:
        """List the projects, latest activity first.

        Raises:
            IndexUnavailableError: The index can't be read.
        """
        return projects.list_projects(self._index)

    def fields(self, project: str) -> ProjectFields:
        """List metrics and config paths of a project's runs, the most frequent first.

        Raises:
            IndexUnavailableError: The index can't be read.
        """
        return projects.list_fields(self._index, project)

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

    def close(self) -> None:
        """Close the index; a later call opens it again."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

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
        with self._lock:
            if self._database is None:
                self._database = open_database(self.root)
            return self._database


def open(root: str | os.PathLike[str] | None = None) -> Store:  # noqa: A001 - reads like gzip.open
    """Open a root for reading.

    Args:
        root: The root; found by `runicorn.settings.find_root` when ``None``.
    """
    return Store(find_root(root))


def _told(report: catchup.Report) -> CatchUpReport:
    return CatchUpReport(
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        n_points=report.n_points,
        is_complete=report.is_complete,
    )

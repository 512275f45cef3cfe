"""Stored runs: a run as readers see it, with its documents, metrics, logs and events."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection

from runicorn.documents import read_document
from runicorn.errors import UsageError
from runicorn.events import NONFINITE, Event, decode
from runicorn.journal import iter_lines
from runicorn.layout import RunDir
from runicorn.query.facts import Attempt, Facts, read_attempts, read_facts
from runicorn.query.history import History, read_history
from runicorn.query.logs import read_lines
from runicorn.query.media import StoredMedia, list_media
from runicorn.query.models import Problem
from runicorn.query.runs import read_problems
from runicorn.query.source import Source
from runicorn.query.summaries import MetricSummary, load_summaries, summary_of
from runicorn.states import FINAL

_DOCUMENTS = ("config", "environment", "_said")


@dataclass(repr=False, eq=False)
class StoredRun(Facts):
    """One run; made by `runicorn.runs` and `runicorn.run_by_id`.

    Its attributes are those of the moment it was read; `refresh` reads them again. `history`,
    `summary`, `logs` and `events` are read when they are asked for, also while the run records.
    """

    _source: Source = field(kw_only=True)

    def refresh(self) -> StoredRun:
        """Read again how the run stands, and return it.

        Raises:
            RunNotFoundError: It is gone.
        """
        with self._source.caught_up([self.id]).reading() as connection:
            facts = read_facts(connection, self.id)
        for name, value in facts.items():
            setattr(self, name, value)
        for name in _DOCUMENTS:
            self.__dict__.pop(name, None)
        return self

    @cached_property
    def config(self) -> dict[str, Any]:
        """The run's inputs, nested as they were given; empty where they can't be read."""
        return read_document(self._folder.config)[0]

    @cached_property
    def environment(self) -> dict[str, Any]:
        """What was around the run: Python, packages, host, git; empty where nothing was kept."""
        return read_document(self._folder.environment)[0]

    @property
    def summary(self) -> dict[str, Any]:
        """What came out: a `MetricSummary` for each metric, and what the user set, which wins."""
        return summary_of(self._summaries(), self._said)

    @property
    def metrics(self) -> list[str]:
        """The keys of the logged metrics, in alphabetical order.

        ``loss`` of rank 1 stands as ``rank1//loss``.
        """
        return list(self._summaries())

    @property
    def attempts(self) -> list[Attempt]:
        """The stretches between resumes; one when it was never resumed."""
        with self._reading() as connection:
            return read_attempts(connection, self.id)

    @property
    def problems(self) -> list[Problem]:
        """What of the run can't be read, each with its file and place."""
        with self._reading() as connection:
            return read_problems(connection, self.id)

    def history(
        self,
        *keys: str,
        start: int | None = None,
        stop: int | None = None,
        attempts: Literal["current", "all"] = "current",
        rank: int = 0,
    ) -> History:
        """Read the points of metrics; one that was never logged has none.

        Args:
            *keys: One metric for its points, several to be joined by step; all when there are none.
            start: First step, inclusive `[steps]`.
            stop: Last step, inclusive `[steps]`.
            attempts: ``all`` for what later attempts superseded as well.
            rank: Whose points, where every rank of a distributed job recorded.

        Raises:
            UsageError: `attempts` is neither.
        """
        if attempts not in ("current", "all"):
            raise UsageError(f"attempts is 'current' or 'all', not {attempts!r}")
        with self._reading() as connection:
            is_current = attempts == "current"
            return read_history(
                connection, self.id, keys, start, stop, is_current=is_current, rank=rank
            )

    def logs(self, tail: int | None = None, rank: int = 0) -> list[str]:
        """Read what the run printed, line by line.

        Args:
            tail: Only so many lines from the end `[lines]`.
            rank: Whose log.

        Raises:
            OSError: The log is there and can't be read.
        """
        return read_lines(self._folder.logs_of(rank), tail)

    def events(self, kind: str | None = None, rank: int = 0) -> Iterator[Event]:
        """Iterate over the events of a journal, in the order they were written.

        Lines that can't be understood are passed over; `problems` tells of them. Numbers of
        ``metrics`` events are floats where they are not finite.

        Args:
            kind: Only events of this type, such as ``metrics`` or ``alert``.
            rank: Whose journal.

        Raises:
            OSError: The journal is there and can't be read.
        """
        journal = self._folder.journal_of(rank)
        if not journal.exists():
            return
        for offset, line in iter_lines(journal):
            event = None if line is None else decode(offset, line)
            if isinstance(event, Event) and kind in (None, event.type):
                yield _with_floats(event) if event.type == "metrics" else event

    def media(
        self, kind: str | None = None, *, attempts: Literal["current", "all"] = "current"
    ) -> list[StoredMedia]:
        """List the media that were logged, in the order they were.

        Args:
            kind: Only ``image``, ``audio``, ``video``, ``table``, ``histogram``, ``html``,
                ``figure`` or ``file``.
            attempts: ``all`` for what later attempts superseded as well.

        Raises:
            UsageError: `attempts` is neither.
            OSError: A journal is there and can't be read.
        """
        if attempts not in ("current", "all"):
            raise UsageError(f"attempts is 'current' or 'all', not {attempts!r}")
        listed = list_media(self._folder, all_attempts=attempts == "all")
        return [item for item in listed if kind in (None, item.kind)]

    def __repr__(self) -> str:
        return f"<StoredRun {self.id} {self.project}/{self.name}: {self.status}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in self._shown()
        )
        return f"<table>{rows}</table>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StoredRun):
            return NotImplemented
        return (self.id, self._source.root) == (other.id, other._source.root)

    def __hash__(self) -> int:
        return hash((self.id, self._source.root))

    @cached_property
    def _said(self) -> dict[str, Any]:
        return read_document(self._folder.summary)[0]

    @property
    def _folder(self) -> RunDir:
        return RunDir(self.run_dir, self.project, self.name)

    def _reading(self) -> AbstractContextManager[Connection]:
        return self._source.at_hand(self.id, is_final=self.status in FINAL).reading()

    def _summaries(self) -> dict[str, MetricSummary]:
        with self._reading() as connection:
            return dict(sorted(load_summaries(connection, [self.id])[self.id].items()))

    def _shown(self) -> Iterator[tuple[str, object]]:
        yield "run", self.id
        yield "experiment", f"{self.project}/{self.name}"
        yield "status", self.status
        yield "created", _local(self.created_at)
        if self.duration_s is not None:
            yield "duration", f"{self.duration_s:,.0f} s"
        if self.tags:
            yield "tags", ", ".join(self.tags)
        if self.notes:
            yield "notes", self.notes
        if self.best_metric_name is not None:
            yield f"best {self.best_metric_name}", self.best_metric_value
        yield "folder", self.run_dir


def _local(at: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    except (OverflowError, ValueError, OSError):  # no year that this system knows
        return f"{at:.0f} s after 1970"


def _with_floats(event: Event) -> Event:
    named = {
        key: NONFINITE[value]
        for key, value in event.data.items()
        if isinstance(value, str) and value in NONFINITE and key != "stage"
    }
    return replace(event, data={**event.data, **named}) if named else event

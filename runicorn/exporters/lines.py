"""Logged lines: what a run logged, call by call, read from its journal in bounded memory.

Everything is kept as it was logged: NaN and infinities, integers of any size, values logged twice
at one step. A run that still records is read as far as it had come at the first look.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from runicorn.attempts import ATTEMPT, superseded_from
from runicorn.events import NONFINITE, Event, as_number, decode, not_metrics_in, step_of
from runicorn.journal import read_batch
from runicorn.layout import RunDir
from runicorn.texts import clean, is_clean
from runicorn.transfer import Progress, Selection

_METRICS = b'"metrics"'

Number = float | int


@dataclass(frozen=True, slots=True)
class Line:
    """What one call of `log` said.

    Attributes:
        step: `[steps]`
        time: When it was logged; NaN where the line does not say `[s]`.
        values: By metric.
    """

    step: int
    time: float
    stage: str | None
    attempt: int
    values: dict[str, Number]


class LoggedRun:
    """The lines of one run that a selection keeps; every pass over them gives the same.

    Attributes:
        folder: The run.
        n_bytes: How much of its journal is read `[bytes]`.
    """

    def __init__(self, folder: RunDir, selection: Selection) -> None:
        """Look at the journal; one that is missing is empty.

        Raises:
            OSError: It is there and can't be read.
        """
        self.folder = folder
        self._selection = selection
        self._kept: dict[str, bool] = {}
        try:
            self.n_bytes = folder.journal.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            self.n_bytes = 0
        self._limits = [] if selection.all_attempts else superseded_from(self._raw_lines())

    def lines(self, progress: Meter | None = None) -> Iterator[Line]:
        """Iterate over the lines, in the order they were logged.

        Raises:
            OSError: The journal can't be read.
        """
        attempt, n_resumes = 1, 0
        for offset, raw in self._raw_lines(progress):
            if raw is None or not (_METRICS in raw or ATTEMPT in raw):
                continue
            event = decode(offset, raw)
            if not isinstance(event, Event):
                continue
            if event.type == "attempt":
                attempt, n_resumes = _next_attempt(event, attempt), n_resumes + 1
            elif event.type == "metrics" and not self._is_superseded(event, n_resumes):
                line = self._line(event, attempt)
                if line is not None:
                    yield line

    def _line(self, event: Event, attempt: int) -> Line | None:
        step = step_of(event)
        if step is None:
            return None
        data, own = event.data, not_metrics_in(event.data)
        values = {}
        for key, value in data.items():
            if key not in own and self._keeps(key):
                number = _exact(value)
                if number is not None:
                    values[key] = number
        if not values:
            return None
        time, stage = as_number(data.get("time")), data.get("stage")
        return Line(
            step,
            event.ts if time is None else time,
            clean(stage) if isinstance(stage, str) else None,
            attempt,
            values,
        )

    def _keeps(self, key: str) -> bool:
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = is_clean(key) and self._selection.keeps(key)
        return kept

    def _is_superseded(self, event: Event, n_resumes: int) -> bool:
        if n_resumes >= len(self._limits):
            return False
        step = step_of(event)
        return step is not None and step >= self._limits[n_resumes]

    def _raw_lines(self, progress: Meter | None = None) -> Iterator[tuple[int, bytes | None]]:
        """Read up to where the journal ended at the first look."""
        offset = 0
        while offset < self.n_bytes:
            batch = read_batch(self.folder.journal, offset)
            if batch.end == offset:
                break
            for at, line in batch.lines:
                if at >= self.n_bytes:
                    break
                yield at, line
            offset = batch.end
            if progress is not None:
                progress.add(batch.end - batch.start)


class Meter:
    """Adds up how far several passes have come."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def add(self, n_bytes: int) -> None:
        """Tell that so much more is done `[bytes]`."""
        self._done = min(self._done + n_bytes, self._total)
        self._progress(self._done, self._total)


def logged_runs(selection: Selection) -> list[LoggedRun]:
    """Return the runs of a selection.

    Raises:
        OSError: A journal can't be read.
    """
    return [LoggedRun(folder, selection) for folder in selection.runs]


def keys_of(runs: list[LoggedRun], progress: Meter) -> list[str]:
    """Read the journals once and return all metrics in alphabetical order.

    Raises:
        OSError: A journal can't be read.
    """
    keys: set[str] = set()
    for run in runs:
        for line in run.lines(progress):
            keys.update(line.values)
    return sorted(keys)


def _next_attempt(event: Event, attempt: int) -> int:
    said = event.data.get("attempt")
    return said if isinstance(said, int) and said > attempt else attempt + 1


def _exact(value: object) -> Number | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    return NONFINITE.get(value) if isinstance(value, str) else None


def is_known(time: float) -> bool:
    """Tell whether a line said when it was logged."""
    return not math.isnan(time)

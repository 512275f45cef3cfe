"""Histories: the points of one metric of a run, or of several joined by step, as arrays and frames.

Values are 64-bit floats: NaN and infinities are kept as they were logged, integers beyond 2**53 are
rounded to the nearest float.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from runicorn.index.points import MAX_STEP, MIN_STEP, Points, read_points
from runicorn.index.ranks import ranked, unranked
from runicorn.index.reading import load_series
from runicorn.query import frames

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class History:
    """Points in order; one row a logged point of one metric, or one row a step of several.

    With points of all attempts the rows are in order of attempt, then step.

    Attributes:
        keys: The metrics.
        steps: `[steps]` (n,)
        values: (n,) for one metric, (n, k) for k of them; NaN also where nothing was logged.
        times: When the latest value of each row was logged, NaN where the line does not say; UTC
            `[s]` (n,)
        attempts: Which attempt each row was logged in (n,)
        is_logged: Where there is a value, shaped like `values`; all true for one metric.
    """

    keys: tuple[str, ...]
    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    times: NDArray[np.float64]
    attempts: NDArray[np.int64]
    is_logged: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Iterate over (step, value, …); a value is ``None`` where nothing was logged."""
        columns = [
            [value if there else None for value, there in zip(values, logged, strict=True)]
            for values, logged in zip(
                self._columns().tolist(), self._logged().tolist(), strict=True
            )
        ]
        return iter(zip(self.steps.tolist(), *columns, strict=True))

    def __getitem__(self, key: str) -> NDArray[np.float64]:
        """Return the values of one metric (n,); NaN also where nothing was logged."""
        if key not in self.keys:
            raise KeyError(f"{key!r} was not asked for; there are {', '.join(self.keys)}")
        column: NDArray[np.float64] = self._columns()[self.keys.index(key)]
        return column

    def __repr__(self) -> str:
        span = f", steps {self.steps.min()} to {self.steps.max()}" if len(self) else ""
        unit = "points" if len(self.keys) == 1 else "rows"
        return f"<History of {', '.join(self.keys) or 'nothing'}: {len(self):,} {unit}{span}>"

    def to_numpy(self) -> NDArray[Any]:
        """Return a structured array (n,) with the fields ``step``, the metrics, and ``time``."""
        return frames.to_numpy(self._frame())

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with the columns ``step``, the metrics, and ``time``.

        Raises:
            MissingLibraryError: pandas is not installed.
        """
        return frames.to_pandas(self._frame())

    def to_polars(self) -> pl.DataFrame:
        """Return a data frame; null where nothing was logged, NaN where NaN was.

        Raises:
            MissingLibraryError: polars is not installed.
        """
        return frames.to_polars(self._frame())

    def to_arrow(self) -> pa.Table:
        """Return a table; null where nothing was logged, NaN where NaN was.

        Raises:
            MissingLibraryError: pyarrow is not installed.
        """
        return frames.to_arrow(self._frame())

    def _columns(self) -> NDArray[np.float64]:
        """Return the values by metric (k, n)."""
        return self.values.reshape(len(self), len(self.keys)).T

    def _logged(self) -> NDArray[np.bool_]:
        return self.is_logged.reshape(len(self), len(self.keys)).T

    def _frame(self) -> list[frames.Column]:
        metrics = [
            frames.Column(key, values, logged)
            for key, values, logged in zip(self.keys, self._columns(), self._logged(), strict=True)
        ]
        columns = [self._own("step", self.steps), *metrics, self._own("time", self.times)]
        if len(np.unique(self.attempts)) > 1:
            columns.append(self._own("attempt", self.attempts))
        return columns

    def _own(self, name: str, values: NDArray[Any]) -> frames.Column:
        """Name a column that is no metric; a metric of that name keeps it."""
        return frames.Column(f"_{name}" if name in self.keys else name, values)


def read_history(
    connection: Connection,
    run_id: str,
    keys: Sequence[str],
    start: int | None = None,
    stop: int | None = None,
    *,
    is_current: bool = True,
    rank: int = 0,
) -> History:
    """Read the points of a run; a metric that was never logged has none.

    Args:
        connection: In a transaction that reads the index.
        run_id: The run.
        keys: The metrics; all of the rank in alphabetical order when there are none.
        start: First step, inclusive `[steps]`.
        stop: Last step, inclusive `[steps]`.
        is_current: Leave out what a later attempt superseded.
        rank: Whose metrics.
    """
    low = MIN_STEP if start is None else max(MIN_STEP, min(start, MAX_STEP))
    high = MAX_STEP if stop is None else max(MIN_STEP, min(stop, MAX_STEP))
    asked = [ranked(key, rank) for key in keys]
    states = load_series(connection, [run_id], asked or None, is_current=is_current)
    if not keys:
        found_keys = (unranked(key) for _run, key in states)
        keys = sorted(key for key, of_rank in found_keys if of_rank == rank)
    names = tuple(dict.fromkeys(keys))
    series = [states.get((run_id, ranked(key, rank))) for key in names]
    found = [
        read_points(connection, each.id, low, high, is_current=is_current, with_times=True)
        if each is not None
        else _NOTHING
        for each in series
    ]
    stretches = [found] if is_current else _by_attempt(found)
    return _concatenated(
        [
            _of_one(names, stretch[0]) if len(names) == 1 else _joined(names, stretch)
            for stretch in stretches
        ]
    )


_NONE = np.empty(0, dtype=np.int64)
_NOTHING = Points(_NONE, np.empty(0), _NONE, _NONE, np.empty(0))


def _by_attempt(found: Sequence[Points]) -> list[list[Points]]:
    attempts = np.unique(np.concatenate([points.attempts for points in found] or [_NONE]))
    return [
        [points.where(points.attempts == attempt) for points in found] for attempt in attempts
    ] or [list(found)]


def _of_one(keys: tuple[str, ...], points: Points) -> History:
    is_logged = np.ones(len(points.steps), dtype=np.bool_)
    return History(keys, points.steps, points.values, points.times, points.attempts, is_logged)


def _joined(keys: tuple[str, ...], found: Sequence[Points]) -> History:
    """Join metrics by step; of values logged twice at one step the later counts."""
    found = [_last_of_each(points) for points in found]
    steps = np.unique(np.concatenate([points.steps for points in found] or [_NONE]))
    values = np.full((len(steps), len(keys)), np.nan)
    is_logged = np.zeros(values.shape, dtype=np.bool_)
    times, attempts = np.full(len(steps), np.nan), np.zeros(len(steps), dtype=np.int64)
    for column, points in enumerate(found):
        rows = np.searchsorted(steps, points.steps)
        values[rows, column] = points.values
        is_logged[rows, column] = True
        times[rows] = np.fmax(times[rows], points.times)
        attempts[rows] = np.maximum(attempts[rows], points.attempts)
    return History(keys, steps, values, times, attempts, is_logged)


def _last_of_each(points: Points) -> Points:
    is_last = np.ones(len(points.steps), dtype=np.bool_)
    is_last[:-1] = points.steps[1:] != points.steps[:-1]
    return points.where(is_last)


def _concatenated(parts: Sequence[History]) -> History:
    if len(parts) == 1:
        return parts[0]
    arrays = (
        np.concatenate([getattr(part, name) for part in parts]) for name in History.__slots__[1:]
    )
    return History(parts[0].keys, *arrays)

"""Points: how they lie in the index; the only module that knows.

One row a point for now. Whoever asks gets NumPy arrays, so that another way of laying them down
stays inside of this module; see docs/decisions/0002-points-as-rows.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, select

from runicorn.index.apply import Column
from runicorn.index.database import insert_rows
from runicorn.index.schema import ATTEMPTS, POINTS, SERIES

MIN_STEP, MAX_STEP = -(2**63), 2**63 - 1
_WHERE = " FROM points WHERE series_id = ? AND step BETWEEN ? AND ? ORDER BY step, line_offset"
_COLUMNS = "SELECT step, ifnull(value, 0), value IS NULL, attempt, line_offset"
_LAYOUT = [
    ("steps", "i8"), ("values", "f8"), ("is_nan", "?"), ("attempts", "i8"), ("offsets", "i8"),
]  # fmt: skip
# Without and with times, which charts by step do not pay for.
_SELECTS = {
    False: (_COLUMNS + _WHERE, np.dtype(_LAYOUT)),
    True: (_COLUMNS + ", ifnull(ts, 9e999)" + _WHERE, np.dtype([*_LAYOUT, ("times", "f8")])),
}


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one series, by (step, line offset).

    Attributes:
        steps: `[steps]` (n,)
        values: (n,)
        attempts: Which attempt each was logged in (n,)
        offsets: Where their lines start `[bytes]` (n,)
        times: When each was logged, NaN where the line does not say; empty unless asked for
            `[s]` (n,)
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    attempts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    times: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> Points:
        """Return the points that a mask (n,) is true for."""
        times = self.times[kept] if len(self.times) else self.times
        return Points(
            self.steps[kept], self.values[kept], self.attempts[kept], self.offsets[kept], times
        )


def add_points(connection: Connection, columns: Iterable[tuple[int, Column]]) -> None:
    """Store new points.

    Args:
        connection: In a transaction that writes.
        columns: (series id, its new points).
    """
    rows = [
        (series_id, step, offset, ts, value, stage, attempt)
        for series_id, column in columns
        for (step, offset, ts, stage, attempt), value in zip(
            column.lines, column.values, strict=True
        )
    ]
    insert_rows(connection, POINTS, rows)


def read_points(
    connection: Connection,
    series_id: int,
    start: int = MIN_STEP,
    stop: int = MAX_STEP,
    *,
    is_current: bool = True,
    with_times: bool = False,
) -> Points:
    """Read a series.

    Args:
        connection: In a transaction.
        series_id: The series.
        start: First step `[steps]`.
        stop: Last step `[steps]`, inclusive.
        is_current: Leave out what a later attempt superseded.
        with_times: Read the times as well.
    """
    statement, layout = _SELECTS[with_times]
    rows = connection.connection.cursor().execute(statement, (series_id, start, stop))
    # Straight from the driver into one array, without a Python object that outlives its row.
    found = np.fromiter(rows, dtype=layout)
    found["values"][found["is_nan"]] = np.nan
    columns = {name: np.ascontiguousarray(found[name]) for name in Points.__slots__[:-1]}
    points = Points(**columns, times=_times(found) if with_times else np.empty(0))
    limits = _superseded_from(connection, series_id) if is_current else {}
    if not limits:
        return points
    kept = np.ones(len(points.steps), dtype=np.bool_)
    for attempt, limit in limits.items():
        kept &= (points.attempts != attempt) | (points.steps < limit)
    return points.where(kept)


def drop_points(connection: Connection, which: ColumnElement[bool]) -> None:
    """Forget all points of some series, whose rows must still be there.

    Args:
        connection: In a transaction that writes.
        which: What holds for the rows of those series.
    """
    series = select(SERIES.c.id).where(which)
    connection.execute(POINTS.delete().where(POINTS.c.series_id.in_(series)))


def _times(found: NDArray[np.void]) -> NDArray[np.float64]:
    times: NDArray[np.float64] = np.ascontiguousarray(found["times"])
    times[np.isinf(times)] = np.nan
    return times


def _superseded_from(connection: Connection, series_id: int) -> dict[int, int]:
    """Return by attempt the step from which on it is superseded."""
    found = connection.execute(
        select(ATTEMPTS.c.attempt, ATTEMPTS.c.superseded_from)
        .join(SERIES, (SERIES.c.run_id == ATTEMPTS.c.run_id) & (SERIES.c.file == ATTEMPTS.c.file))
        .where(SERIES.c.id == series_id, ATTEMPTS.c.superseded_from.is_not(None))
    )
    return {attempt: step for attempt, step in found}  # noqa: C416 - rows are no pairs to a checker

"""Metrics as a table: one row a step, one column a metric."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from runicorn.errors import InvalidFilterError
from runicorn.index.database import Database
from runicorn.index.points import MAX_STEP, MIN_STEP, Points, read_points
from runicorn.index.reading import load_series
from runicorn.query.models import AppliedFilters, MetricsTable, StepRange
from runicorn.query.runs import find_run_id

_STEP = "global_step"


def read_table(
    database: Database,
    run_id: str,
    metrics: Sequence[str] | None = None,
    step_range: StepRange | None = None,
    downsample: int | None = None,
) -> MetricsTable:
    """Read the current path of a run's metrics.

    Args:
        database: The index.
        run_id: The run, or a unique prefix of its id.
        metrics: The columns; all in alphabetical order when ``None``.
        step_range: First and last step, inclusive; ``None`` in it means no limit `[steps]`.
        downsample: At most so many rows, evenly spread, first and last among them.

    Raises:
        RunNotFoundError: There is no such run.
        InvalidFilterError: `downsample` is below 1.
    """
    began = time.perf_counter()
    if downsample is not None and downsample < 1:
        raise InvalidFilterError("downsample", f"is at least 1, not {downsample}")
    start, stop = _limits(step_range)
    with database.answering() as connection:
        found = find_run_id(connection, run_id)
        states = load_series(connection, [found])
        names = sorted(key for _run, key in states) if metrics is None else list(metrics)
        columns = {
            key: read_points(connection, states[found, key].id, start, stop)
            for key in names
            if (found, key) in states
        }
    steps = _union(columns.values())
    chosen = _spread(steps, downsample)
    return MetricsTable(
        columns=[_STEP, *names],
        rows=_rows(chosen, names, columns),
        query_time_ms=round((time.perf_counter() - began) * 1000, 3),
        total_points=len(steps),
        applied_filters=AppliedFilters(
            metrics=None if metrics is None else list(metrics),
            step_range=step_range,
            downsampled=len(chosen) < len(steps),
        ),
    )


def _limits(step_range: StepRange | None) -> tuple[int, int]:
    low = None if step_range is None else step_range.min
    high = None if step_range is None else step_range.max
    return (
        MIN_STEP if low is None else max(MIN_STEP, min(low, MAX_STEP)),
        MAX_STEP if high is None else max(MIN_STEP, min(high, MAX_STEP)),
    )


def _union(columns: Iterable[Points]) -> NDArray[np.int64]:
    steps = [points.steps for points in columns]
    if not steps:
        return np.empty(0, dtype=np.int64)
    return np.unique(np.concatenate(steps))


def _spread(steps: NDArray[np.int64], n_rows: int | None) -> NDArray[np.int64]:
    if n_rows is None or len(steps) <= n_rows:
        return steps
    places = np.linspace(0, len(steps) - 1, n_rows)
    return steps[np.round(places).astype(np.intp)]


def _rows(
    steps: NDArray[np.int64], names: Sequence[str], columns: dict[str, Points]
) -> list[dict[str, float | int | str | None]]:
    listed = [_values_at(steps, columns.get(name)) for name in names]
    keys = (_STEP, *names)
    return [dict(zip(keys, row, strict=True)) for row in zip(steps.tolist(), *listed, strict=True)]


def _values_at(steps: NDArray[np.int64], points: Points | None) -> list[float | None]:
    if points is None or not len(points.steps):
        return [None] * len(steps)
    # To the right of equal steps, so that the last logged counts.
    at = np.searchsorted(points.steps, steps, side="right") - 1
    values = points.values[np.maximum(at, 0)]
    is_there = (at >= 0) & (points.steps[np.maximum(at, 0)] == steps) & np.isfinite(values)
    return [
        value if there else None
        for value, there in zip(values.tolist(), is_there.tolist(), strict=True)
    ]

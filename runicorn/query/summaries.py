"""Summaries: each metric of a run in a few numbers, derived from what was logged."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from runicorn.index.runs import chunks
from runicorn.index.schema import EXPERIMENTS, SERIES
from runicorn.query.goals import guess


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric of one run, of what no later attempt superseded.

    Attributes:
        count: Logged points.
        nan_count: Those of them that are NaN.
        first: At the lowest step.
        last: At the highest step; of several points there the last logged.
        min: The lowest finite value, ``None`` where none is finite.
        max: The highest finite value.
        mean: Of the finite values, rounded once.
        best: `min` or `max` by the metric's goal; ``None`` where none is known.
        first_step: `[steps]`
        last_step: `[steps]`
        min_step: Where it was logged first `[steps]`
        max_step: Where it was logged first `[steps]`
        best_step: `[steps]`
    """

    count: int
    nan_count: int
    first: float
    last: float
    min: float | None
    max: float | None
    mean: float | None
    best: float | None
    first_step: int
    last_step: int
    min_step: int | None
    max_step: int | None
    best_step: int | None


def load_summaries(
    connection: Connection, run_ids: Sequence[str], keys: Collection[str] | None = None
) -> dict[str, dict[str, MetricSummary]]:
    """Load the metrics of some runs by run and key, in no order.

    Args:
        connection: In a transaction that reads the index.
        run_ids: Of which runs.
        keys: Of which metrics; all when ``None``.
    """
    row = SERIES.c
    statement = (
        select(SERIES, EXPERIMENTS.c.best_metric_name, EXPERIMENTS.c.best_metric_mode)
        .join(EXPERIMENTS, EXPERIMENTS.c.id == row.run_id)
        .where(row.n > 0)
    )
    if keys is not None:
        statement = statement.where(row.key.in_(keys))
    loaded: dict[str, dict[str, MetricSummary]] = {run_id: {} for run_id in run_ids}
    for chunk in chunks(run_ids):
        for found in connection.execute(statement.where(row.run_id.in_(chunk))):
            loaded[found.run_id][found.key] = _summary(found)
    return loaded


def summary_of(
    metrics: Mapping[str, MetricSummary], said: Mapping[str, Any]
) -> dict[str, MetricSummary | Any]:
    """Join what was derived with what the user set, which wins."""
    return {**metrics, **said}


def _summary(row: Row[Any]) -> MetricSummary:
    primary = row.best_metric_mode if row.best_metric_name == row.key else None
    goal = row.goal or primary or guess(row.key)
    return MetricSummary(
        count=row.n,
        nan_count=row.n_nan,
        first=_logged(row.first_value),
        last=_logged(row.last_value),
        min=row.min_value,
        max=row.max_value,
        mean=row.mean_value,
        best=getattr(row, f"{goal}_value") if goal else None,
        first_step=row.first_step,
        last_step=row.last_step,
        min_step=row.min_value_step,
        max_step=row.max_value_step,
        best_step=getattr(row, f"{goal}_value_step") if goal else None,
    )


def _logged(value: float | None) -> float:
    """Read the value of a point that there is: NULL stands for NaN."""
    return math.nan if value is None else value

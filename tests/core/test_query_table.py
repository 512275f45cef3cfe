"""Metrics as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runicorn.errors import InvalidFilterError, RunNotFoundError
from runicorn.query.models import StepRange
from runicorn.store import Store


def _rows(store: Store, run_id: str, **more: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in store.metrics_table(run_id, **more).rows]


def test_a_row_is_a_step_and_the_later_value_wins(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.log({"loss": 1.0}, step=1)
    run.log({"acc": 0.5, "loss": "NaN"}, step=3)
    run.log({"loss": 2.0}, step=1)
    run.log({"acc": "Infinity"}, step=-2)
    store.catch_up()
    table = store.metrics_table(run.id)
    assert table.columns == ["global_step", "acc", "loss"]
    assert _rows(store, run.id) == [(-2, None, None), (1, None, 2.0), (3, 0.5, None)]
    assert table.total_points == 3
    assert table.applied_filters.downsampled is False


def test_metrics_and_steps_may_be_chosen(store: Store, new_run: Callable[..., Any]) -> None:
    run = new_run()
    for step in range(10):
        run.log({"loss": float(step), "acc": 0.0}, step=step)
    store.catch_up()
    chosen = _rows(store, run.id, metrics=["loss", "no"], step_range=StepRange(min=3, max=4))
    assert chosen == [(3, 3.0, None), (4, 4.0, None)]
    assert _rows(store, run.id, metrics=["loss"], step_range=StepRange(min=9, max=None)) == [(9, 9)]
    assert _rows(store, run.id, metrics=[]) == []


def test_downsampling_keeps_the_first_and_the_last_step(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    for step in range(100):
        run.log({"loss": float(step)}, step=step)
    store.catch_up()
    table = store.metrics_table(run.id, downsample=7)
    steps = [row["global_step"] for row in table.rows]
    assert (len(steps), steps[0], steps[-1], len(set(steps))) == (7, 0, 99, 7)
    assert (table.total_points, table.applied_filters.downsampled) == (100, True)
    assert len(_rows(store, run.id, downsample=100)) == 100
    assert _rows(store, run.id, downsample=1) == [(0, 0.0)]


def test_wrong_questions_are_refused(store: Store, new_run: Callable[..., Any]) -> None:
    run = new_run()
    store.catch_up()
    assert store.metrics_table(run.id).rows == []
    with pytest.raises(InvalidFilterError, match="downsample"):
        store.metrics_table(run.id, downsample=0)
    with pytest.raises(RunNotFoundError):
        store.metrics_table("nobody")

"""V1: metric tables of one run."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from runicorn.query.files import Table
from runicorn_server.deps import FilesDep, unless_journal_grew
from runicorn_server.v1.shapes import MetricTable, Progress, RunId

router = APIRouter(dependencies=[Depends(unless_journal_grew)])
NOT_METRICS = frozenset({"global_step", "time", "stage"})


@router.get("/runs/{run_id}/metrics")
def run_metrics(run_id: RunId, files: FilesDep) -> MetricTable:
    """Give one row a logged line, with the time since the first in seconds."""
    return _shaped(files.by_time(run_id))


@router.get("/runs/{run_id}/metrics_step")
def run_metrics_by_step(run_id: RunId, files: FilesDep) -> MetricTable:
    """Give one row a step."""
    return _shaped(files.by_step(run_id))


@router.get("/runs/{run_id}/progress")
def run_progress(run_id: RunId, files: FilesDep) -> Progress:
    """Give the last step and its metrics."""
    rows = files.by_step(run_id).rows
    if not rows:
        return Progress(available=False, step=None, metrics={})
    last = rows[-1]
    step = last["global_step"]
    assert isinstance(step, int)
    metrics = {
        key: float(value)
        for key, value in last.items()
        if key not in NOT_METRICS and isinstance(value, int | float)
    }
    return Progress(available=True, step=step, metrics=dict(metrics))


def _shaped(table: Table) -> MetricTable:
    # Cells come from the reader with these types already; checking each again costs more than all.
    return MetricTable.model_construct(columns=table.columns, rows=table.rows)

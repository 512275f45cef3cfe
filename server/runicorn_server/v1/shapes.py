"""The shapes of V1; frozen, golden files pin them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from runicorn.query.files import RunFiles
from runicorn.texts import clean

RunId = Annotated[str, Path(description="The run's id")]
# Old clients know four states; the reason tells which of the two others it is.
OLD_STATES = {"killed": "failed", "lost": "interrupted"}


class RunListItem(BaseModel):
    """One run in a list."""

    id: str
    run_dir: str | None
    created_time: float | None
    status: str
    pid: int | None
    best_metric_value: float | None
    best_metric_name: str | None
    project: str | None
    name: str | None
    artifacts_created_count: int
    artifacts_used_count: int
    exit_reason: str | None


class RunDetail(BaseModel):
    """One run with the paths of its files."""

    id: str
    status: str
    pid: int | None
    run_dir: str
    project: str | None
    name: str | None
    logs: str
    metrics: str
    metrics_step: str
    artifacts_created_count: int
    artifacts_used_count: int
    exit_reason: str | None


class MetricTable(BaseModel):
    """Rows by column; what is not finite is ``null``."""

    columns: list[str]
    rows: list[dict[str, float | int | str | None]]


class Progress(BaseModel):
    """The last step and what was logged at it."""

    available: bool
    step: int | None
    metrics: dict[str, float | None]


class CacheHealth(BaseModel):
    """How the cache of metric tables has done."""

    enabled: bool
    hit_rate: str = Field(description="In per cent, such as `12.5%`.")
    hits: int
    misses: int
    size: int
    max_size: int


class Health(BaseModel):
    """That the server answers, and from where."""

    status: str
    storage: str
    version: str
    cache: CacheHealth


def old_status(run: RunFiles) -> str:
    """Say a run's state in the words of 0.4."""
    return OLD_STATES.get(run.state.status, run.state.status)


def list_item(run: RunFiles) -> RunListItem:
    """Shape one run of a list."""
    # The reader gives these types already; checking 10,000 runs again costs more than reading them.
    return RunListItem.model_construct(
        id=run.id,
        run_dir=clean(str(run.folder.path)),
        created_time=run.created_at,
        status=old_status(run),
        pid=run.pid,
        best_metric_value=run.best_metric_value,
        best_metric_name=run.best_metric_name,
        project=run.project or None,
        name=run.name or None,
        artifacts_created_count=run.n_created,
        artifacts_used_count=run.n_used,
        exit_reason=run.state.reason,
    )

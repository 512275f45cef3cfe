"""V2: runs as the index knows them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from runicorn.errors import InvalidFilterError
from runicorn.query.models import (
    ExperimentDetail,
    ExperimentPage,
    ExperimentQuery,
    MetricsTable,
    StepRange,
)
from runicorn_server.deps import StoreDep, unless_modified

router = APIRouter(prefix="/experiments", dependencies=[Depends(unless_modified)])

Texts = Annotated[str | None, Query(description="Comma-separated")]


@router.get("")
def list_experiments(
    store: StoreDep,
    *,
    project: str | None = None,
    name: str | None = None,
    status: Texts = None,
    tags: Texts = None,
    search: str | None = None,
    filter: Annotated[  # noqa: A002 - its name in the contract
        str | None, Query(description="The filter language, such as `cfg.lr<1e-2 tag:good`")
    ] = None,
    created_after: float | None = None,
    created_before: float | None = None,
    best_metric_min: float | None = None,
    best_metric_max: float | None = None,
    include_deleted: bool = False,
    page: int = 1,
    per_page: int = 50,
    order_by: str = "created_at",
    order_desc: bool = True,
    columns: Texts = None,
) -> ExperimentPage:
    """List runs: filtered, sorted, a page at a time, with the total over all pages."""
    try:
        query = ExperimentQuery(
            project=project,
            name=name,
            status=_parts(status),
            tags=_parts(tags),
            search=search,
            filter=filter,
            created_after=created_after,
            created_before=created_before,
            best_metric_min=best_metric_min,
            best_metric_max=best_metric_max,
            include_deleted=include_deleted,
            page=page,
            per_page=per_page,
            order_by=order_by,
            order_desc=order_desc,
            columns=_parts(columns),
        )
    except ValidationError as error:
        wrong = [{**each, "loc": ("query", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(wrong) from error
    return store.experiments(query)


@router.get("/{run_id}")
def experiment_detail(run_id: str, store: StoreDep) -> ExperimentDetail:
    """Describe one run, with its problems."""
    return store.experiment(run_id)


@router.get("/{run_id}/metrics/fast")
def experiment_metrics(
    run_id: str,
    store: StoreDep,
    metric_names: Texts = None,
    step_range: Annotated[
        str | None, Query(description="min:max, either may be empty", pattern=r"^-?\d*:-?\d*$")
    ] = None,
    downsample: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> MetricsTable:
    """Give one row a step, one column a metric."""
    names = None if metric_names is None else _parts(metric_names)
    return store.metrics_table(run_id, names, _steps(step_range), downsample)


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _steps(text: str | None) -> StepRange | None:
    if text is None:
        return None
    first, _, last = text.partition(":")
    try:
        steps = StepRange(min=int(first) if first else None, max=int(last) if last else None)
    except ValueError:
        raise InvalidFilterError("step_range", f"{text!r} is not of the form min:max") from None
    if steps.min is not None and steps.max is not None and steps.min > steps.max:
        raise InvalidFilterError("step_range", f"{text!r} runs backwards")
    return steps

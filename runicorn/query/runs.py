"""The run list and the single run, from the index.

A page is found on narrow columns first; what is shown is loaded for the page alone.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, select

from runicorn.errors import InvalidFilterError, RunNotFoundError
from runicorn.events import as_number
from runicorn.index.database import Database
from runicorn.index.describe import flatten
from runicorn.index.reading import SeriesState, load_series
from runicorn.index.schema import CURSORS, EXPERIMENTS, PROBLEMS, TAGS
from runicorn.query.models import (
    Experiment,
    ExperimentDetail,
    ExperimentPage,
    ExperimentQuery,
    MetricsSummary,
    Problem,
    StepRange,
)
from runicorn.query.ordering import config_path, order
from runicorn.values import nonfinite_name

MAX_SEARCH = 1000
# The highest offset that a database takes.
_MAX_OFFSET = 2**62


def list_experiments(database: Database, query: ExperimentQuery) -> ExperimentPage:
    """Filter, sort and page the runs.

    Raises:
        InvalidFilterError: A part of the query can't be understood; the error names it.
    """
    began = time.perf_counter()
    columns = [(name, config_path("columns", name)) for name in query.columns]
    skipped = min((query.page - 1) * query.per_page, _MAX_OFFSET)
    with database.reading() as connection:
        conditions = _conditions(query)
        statement = select(EXPERIMENTS.c.id).where(*conditions)
        ordered = order(connection, statement, query.order_by, is_descending=query.order_desc)
        page = connection.execute(ordered.limit(query.per_page).offset(skipped)).scalars().all()
        total = _count(connection, conditions)
        experiments = _load(connection, page, columns)
    return ExperimentPage(
        experiments=experiments,
        total=total,
        page=query.page,
        per_page=query.per_page,
        has_next=skipped + len(page) < total and bool(page),
        has_prev=query.page > 1,
        query_time_ms=round((time.perf_counter() - began) * 1000, 3),
    )


def read_experiment(database: Database, run_id: str) -> ExperimentDetail:
    """Read one run.

    Args:
        database: The index.
        run_id: Its id, or a unique prefix of it.

    Raises:
        RunNotFoundError: There is no such run.
    """
    with database.reading() as connection:
        found = find_run_id(connection, run_id)
        (experiment,) = _load(connection, [found], [])
        states = load_series(connection, [found]).values()
        config, outputs = _documents(connection, found)
        problems = _problems(connection, found)
    last_values = {state.key: _shown(state.last_value) for state in states}
    folder = Path(experiment.run_dir)
    return ExperimentDetail(
        experiment=experiment.model_copy(update={"config": config, "summary": last_values}),
        outputs=outputs,
        metrics_summary=_metrics(states),
        environment_available=(folder / "environment.json").is_file(),
        file_count=sum(len(files) for _path, _folders, files in os.walk(folder)),
        problems=problems,
    )


def find_run_id(connection: Connection, text: str) -> str:
    """Return the id of a run from its id or a unique prefix.

    Raises:
        RunNotFoundError: No run has it, or several begin with it.
    """
    row = EXPERIMENTS.c
    if connection.execute(select(row.id).where(row.id == text)).first() is not None:
        return text
    # No character sorts behind the last one of Unicode.
    begins = (row.id >= text, row.id < f"{text}\U0010ffff")
    found = connection.execute(select(row.id).where(*begins).limit(2)).scalars().all()
    if len(found) != 1 or not text:
        raise RunNotFoundError(text)
    return str(found[0])


def _conditions(query: ExperimentQuery) -> list[ColumnElement[bool]]:
    row = EXPERIMENTS.c
    conditions: list[ColumnElement[bool]] = []
    if not query.include_deleted:
        conditions.append(row.deleted_at.is_(None))
    conditions += [
        column == value
        for column, value in ((row.project, query.project), (row.name, query.name))
        if value is not None
    ]
    if query.status:
        conditions.append(row.status.in_(query.status))
    conditions += [exists().where(TAGS.c.run_id == row.id, TAGS.c.tag == tag) for tag in query.tags]
    if query.search:
        if len(query.search) > MAX_SEARCH:
            raise InvalidFilterError("search", f"is longer than {MAX_SEARCH} characters")
        conditions.append(row.search.contains(query.search.casefold(), autoescape=True))
    return conditions + _bounds(query)


def _bounds(query: ExperimentQuery) -> list[ColumnElement[bool]]:
    row, conditions = EXPERIMENTS.c, []
    for field, column in (("created", row.created_at), ("best_metric", row.best_metric_value)):
        low, high = ("after", "before") if field == "created" else ("min", "max")
        for end in (low, high):
            value = getattr(query, f"{field}_{end}")
            if value is None:
                continue
            if math.isnan(value):
                raise InvalidFilterError(f"{field}_{end}", "NaN is no bound")
            conditions.append(column >= value if end == low else column <= value)
    return conditions


def _count(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
    statement: Select[Any] = select(func.count()).select_from(EXPERIMENTS).where(*conditions)
    return int(connection.execute(statement).scalar_one())


def _load(
    connection: Connection, run_ids: Sequence[str], columns: Sequence[tuple[str, str | None]]
) -> list[Experiment]:
    """Load what is shown of some runs, in the order given."""
    rows = {
        row.id: row
        for row in connection.execute(select(EXPERIMENTS).where(EXPERIMENTS.c.id.in_(run_ids)))
    }
    counted = connection.execute(
        select(PROBLEMS.c.run_id, func.count())
        .where(PROBLEMS.c.run_id.in_(run_ids))
        .group_by(PROBLEMS.c.run_id)
    )
    n_problems = {run_id: count for run_id, count in counted}  # noqa: C416 - rows are no pairs to a checker
    metrics = [name for name, path in columns if path is None]
    states = load_series(connection, run_ids, metrics) if metrics else {}
    return [
        _experiment(
            rows[run_id],
            n_problems=n_problems.get(run_id, 0),
            config=_config_values(rows[run_id], columns),
            summary={
                name: _shown(states[run_id, name].last_value) if (run_id, name) in states else None
                for name in metrics
            },
        )
        for run_id in run_ids
    ]


def _experiment(row: Row[Any], **more: Any) -> Experiment:
    taken = {name: getattr(row, name) for name in Experiment.model_fields if hasattr(row, name)}
    end = row.ended_at if row.ended_at is not None else row.updated_at
    taken |= {
        "best_metric_value": _best_value(row),
        "duration_s": None if row.started_at is None else max(0.0, end - row.started_at),
        "tags": orjson.loads(row.tags),
        "is_deleted": row.deleted_at is not None,
    }
    return Experiment.model_validate(taken | more)


def _best_value(row: Row[Any]) -> float | str | None:
    if row.best_metric_value is not None:
        return _shown(row.best_metric_value)
    if row.best_metric_name is None:
        return None
    said = as_number(orjson.loads(row.summary).get("best_metric_value"))
    return "NaN" if said is not None and math.isnan(said) else None


def _shown(value: float | None) -> float | str:
    """Show the value of a point that there is: NULL stands for NaN."""
    if value is None:
        return "NaN"
    return value if math.isfinite(value) else nonfinite_name(value)


def _config_values(row: Row[Any], columns: Sequence[tuple[str, str | None]]) -> dict[str, Any]:
    paths = [path for _name, path in columns if path is not None]
    if not paths:
        return {}
    leaves = dict(flatten(orjson.loads(row.config)))
    return {path: leaves.get(path) for path in paths}


def _documents(connection: Connection, run_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Load config and summary of a run, whole."""
    row = EXPERIMENTS.c
    config, summary = connection.execute(
        select(row.config, row.summary).where(row.id == run_id)
    ).one()
    return orjson.loads(config), orjson.loads(summary)


def _metrics(states: Collection[SeriesState]) -> MetricsSummary:
    return MetricsSummary(
        total_data_points=sum(state.n for state in states),
        available_metrics=sorted(state.key for state in states),
        step_range=StepRange(
            min=min((state.first_step for state in states), default=None),
            max=max((state.last_step for state in states), default=None),
        ),
    )


def _problems(connection: Connection, run_id: str) -> list[Problem]:
    row = PROBLEMS.c
    found = connection.execute(
        select(row.file, row.byte_offset, row.message)
        .where(row.run_id == run_id)
        .order_by(row.file, row.byte_offset)
    )
    problems = [
        Problem(file=file, offset=max(0, offset), message=message)
        for file, offset, message in found
    ]
    damaged = connection.execute(
        select(CURSORS.c.file, CURSORS.c.n_damaged).where(CURSORS.c.run_id == run_id)
    )
    for file, n_damaged in damaged:
        listed = sum(problem.file == file for problem in problems)
        if n_damaged > listed:
            message = f"{n_damaged} lines are damaged; the first {listed} are listed"
            problems.append(Problem(file=file, offset=0, message=message))
    return problems

"""The run list and the single run, from the index.

A page is found on narrow columns first; what is shown is loaded for the page alone.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from runicorn.errors import RunNotFoundError
from runicorn.events import as_number
from runicorn.index.database import Database
from runicorn.index.describe import flatten
from runicorn.index.functions import patterns_in_time
from runicorn.index.reading import SeriesState, load_series
from runicorn.index.schema import CURSORS, EXPERIMENTS, PROBLEMS
from runicorn.query import modes
from runicorn.query.conditions import conditions_of
from runicorn.query.facts import COLUMNS, values_of
from runicorn.query.models import (
    Experiment,
    ExperimentDetail,
    ExperimentPage,
    ExperimentQuery,
    MetricsSummary,
    Problem,
    StepRange,
)
from runicorn.query.ordering import Key, config_path, order
from runicorn.query.summaries import MetricSummary, load_summaries
from runicorn.values import nonfinite_name

# The highest offset that a database takes.
_MAX_OFFSET = 2**62
# So many candidates are named when a prefix fits several runs.
_SHOWN = 3


def list_experiments(database: Database, query: ExperimentQuery) -> ExperimentPage:
    """Filter, sort and page the runs.

    Raises:
        InvalidFilterError: A part of the query can't be understood; the error names it.
    """
    began = time.perf_counter()
    columns = [(name, config_path("columns", name)) for name in query.columns]
    skipped = min((query.page - 1) * query.per_page, _MAX_OFFSET)
    with database.answering() as connection, patterns_in_time("filter"):
        conditions = conditions_of(connection, query)
        statement = select(EXPERIMENTS.c.id).where(*conditions)
        key = Key("order_by", query.order_by, is_descending=query.order_desc)
        ordered = order(connection, statement, [key], query.project)
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


def find_runs(
    database: Database, query: ExperimentQuery, keys: Sequence[Key], limit: int | None = None
) -> list[dict[str, Any]]:
    """Filter and sort the runs; the page and the order of the query do not count.

    Args:
        database: The index.
        query: Which runs.
        keys: What they are sorted by; the first counts most.
        limit: At most so many; all when ``None``.

    Returns:
        The fields of `runicorn.query.facts.Facts` by name.

    Raises:
        InvalidFilterError: A part of the query can't be understood; the error names it.
    """
    with database.reading() as connection, patterns_in_time("filter"):
        statement = select(*COLUMNS).where(*conditions_of(connection, query))
        ordered = order(connection, statement, keys, query.project).limit(limit)
        return [values_of(row) for row in connection.execute(ordered)]


def read_experiment(database: Database, run_id: str) -> ExperimentDetail:
    """Read one run.

    Args:
        database: The index.
        run_id: Its id, or a unique prefix of it.

    Raises:
        RunNotFoundError: There is no such run.
    """
    with database.answering() as connection:
        found = find_run_id(connection, run_id)
        (experiment,) = _load(connection, [found], [])
        states = load_series(connection, [found]).values()
        config, outputs = _documents(connection, found)
        problems = read_problems(connection, found)
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
    statement = select(row.id).where(*begins).order_by(row.id).limit(_SHOWN)
    found = connection.execute(statement).scalars().all() if text else []
    if not found:
        raise RunNotFoundError(text)
    if len(found) > 1:
        raise RunNotFoundError(text, found)
    return str(found[0])


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
    keys = {*metrics, *(modes.split(name)[0] for name in metrics)}
    summaries = load_summaries(connection, run_ids, keys) if metrics else {}
    return [
        _experiment(
            rows[run_id],
            n_problems=n_problems.get(run_id, 0),
            config=_config_values(rows[run_id], columns),
            summary={name: _value(summaries[run_id], name) for name in metrics},
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
    if value is None or math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else nonfinite_name(value)


def _value(summaries: Mapping[str, MetricSummary], name: str) -> float | str | None:
    """Return the value of a metric that a column names; its last one where no mode is said."""
    key, mode = (name, None) if name in summaries else modes.split(name)
    if key not in summaries:
        return None
    value: float | None = getattr(summaries[key], mode or modes.DEFAULT)
    return None if value is None else _shown(value)


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


def read_problems(connection: Connection, run_id: str) -> list[Problem]:
    """Read what of a run can't be read, each with its place."""
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

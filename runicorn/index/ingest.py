"""Parsed stretches go into series, points and attempts; summaries stay those of the current path.

A point is superseded when a later attempt took up at its step or before it. Nothing is dropped: the
summary of a series leaves superseded points out, the points stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, Table, select

from runicorn.index.apply import Column
from runicorn.index.database import insert_rows
from runicorn.index.definitions import goal_of, load_goals
from runicorn.index.points import add_points, read_points
from runicorn.index.schema import ATTEMPTS, SERIES
from runicorn.index.series import Summary, fold, summarize

_SUMMARY = tuple(field.name for field in fields(Summary))
_UPDATE = (
    f"UPDATE series SET n_all = ?, end_offset = ?, {', '.join(f'{name} = ?' for name in _SUMMARY)}"  # noqa: S608 - names of our own schema
    " WHERE id = ?"
)


def store_points(
    connection: Connection, run_id: str, file: str, columns: Mapping[str, Column]
) -> None:
    """Store new points of one journal and fold them into the summaries.

    Args:
        connection: In a transaction that writes; definitions of the same lines are stored already.
        run_id: The run.
        file: The journal.
        columns: By the key that a metric has in the index.
    """
    known = _series(connection, run_id, file)
    goals = {} if known.keys() >= columns.keys() else load_goals(connection, run_id, file)
    new, changed = [], []
    for key, column in columns.items():
        row, added = known.get(key), _summary_of(column)
        end_offset = column.lines[-1].offset + 1
        if row is None:
            goal = goal_of(key, goals)
            new.append((None, run_id, key, file, added.n, end_offset, goal, *astuple(added)))
        else:
            folded = fold(_summary_in(row), added)
            changed.append((row.n_all + added.n, end_offset, *astuple(folded), row.id))
    insert_rows(connection, SERIES, new)
    if changed:
        connection.exec_driver_sql(_UPDATE, changed)
    if new:
        known = _series(connection, run_id, file)
    add_points(connection, ((known[key].id, column) for key, column in columns.items()))


def store_attempts(
    connection: Connection, run_id: str, file: str, begun: Sequence[tuple[int, int | None]]
) -> None:
    """Store attempts that began and sum up anew what they supersede.

    Args:
        connection: In a transaction that writes; the points before are stored already.
        run_id: The run.
        file: The journal they begin in.
        begun: (attempt, step it took up at `[steps]` or ``None``), in order.
    """
    found = connection.execute(
        select(ATTEMPTS.c.attempt, ATTEMPTS.c.resumed_at_step).where(*_of(ATTEMPTS, run_id, file))
    )
    resumed: dict[int, int | None] = {attempt: step for attempt, step in found}  # noqa: C416 - rows are no pairs to a checker
    resumed = {1: None, **resumed, **dict(begun)}
    limits = _superseded_from(resumed)
    connection.execute(ATTEMPTS.delete().where(*_of(ATTEMPTS, run_id, file)))
    rows = [
        (run_id, file, attempt, step, limits[attempt]) for attempt, step in sorted(resumed.items())
    ]
    insert_rows(connection, ATTEMPTS, rows)
    if any(step is not None for _attempt, step in begun):
        _sum_up_again(connection, run_id, file)


def _superseded_from(resumed: Mapping[int, int | None]) -> dict[int, int | None]:
    """Return for each attempt the first step that a later attempt took up at."""
    limits: dict[int, int | None] = {}
    limit: int | None = None
    for attempt in sorted(resumed, reverse=True):
        limits[attempt] = limit
        step = resumed[attempt]
        if step is not None:
            limit = step if limit is None else min(limit, step)
    return limits


def _sum_up_again(connection: Connection, run_id: str, file: str) -> None:
    changed = []
    for row in _series(connection, run_id, file).values():
        points = read_points(connection, row.id)
        order = np.argsort(points.offsets)
        summary = summarize(points.steps[order], points.values[order])
        changed.append((row.n_all, row.end_offset, *astuple(summary), row.id))
    if changed:
        connection.exec_driver_sql(_UPDATE, changed)


def _series(connection: Connection, run_id: str, file: str) -> dict[str, Row[Any]]:
    found = connection.execute(select(SERIES).where(*_of(SERIES, run_id, file)))
    return {row.key: row for row in found}


def _of(table: Table, run_id: str, file: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.run_id == run_id, table.c.file == file


def _summary_of(column: Column) -> Summary:
    steps = np.array([line.step for line in column.lines], dtype=np.int64)
    return summarize(steps, np.array(column.values, dtype=np.float64))


def _summary_in(row: Row[Any]) -> Summary:
    return Summary(*(getattr(row, name) for name in _SUMMARY))

"""Definitions in the index: what a script said of its metrics, and the goals that follow."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from sqlalchemy import Connection, select

from runicorn.index.apply import Definition
from runicorn.index.database import insert_rows
from runicorn.index.ranks import unranked
from runicorn.index.schema import DEFINITIONS, SERIES

Goals = Mapping[str, str]
"""``min`` or ``max`` by name or pattern, the one that was said last at the end."""


def store_definitions(
    connection: Connection, run_id: str, file: str, definitions: Mapping[str, Definition]
) -> None:
    """Store what was said of metrics; of one name the last word counts.

    Args:
        connection: In a transaction that writes.
        run_id: The run.
        file: The journal they stand in.
        definitions: By name, in the order they were said.
    """
    row = DEFINITIONS.c
    for name in definitions:
        connection.execute(
            DEFINITIONS.delete().where(row.run_id == run_id, row.file == file, row.name == name)
        )
    rows = [(run_id, file, name, *definition) for name, definition in definitions.items()]
    insert_rows(connection, DEFINITIONS, rows)
    goals = load_goals(connection, run_id, file)
    series = connection.execute(
        select(SERIES.c.id, SERIES.c.key, SERIES.c.goal).where(
            SERIES.c.run_id == run_id, SERIES.c.file == file
        )
    ).all()
    for series_id, key, before in series:
        goal = goal_of(key, goals)
        if goal != before:
            connection.execute(SERIES.update().where(SERIES.c.id == series_id).values(goal=goal))


def load_goals(connection: Connection, run_id: str, file: str) -> Goals:
    """Load the goals that the definitions of a journal say, in the order they were said."""
    row = DEFINITIONS.c
    found = connection.execute(
        select(row.name, row.goal)
        .where(row.run_id == run_id, row.file == file, row.goal.is_not(None))
        .order_by(row.line_offset)
    )
    return {name: goal for name, goal in found}  # noqa: C416 - rows are no pairs to a checker


def goal_of(key: str, goals: Goals) -> str | None:
    """Return the goal of a metric: its own, else that of the last pattern that it matches."""
    name, _rank = unranked(key)
    if name in goals:
        return goals[name]
    matching = [goal for pattern, goal in goals.items() if fnmatchcase(name, pattern)]
    return matching[-1] if matching else None

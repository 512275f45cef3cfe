"""Conditions of the run list: what a query narrows it to."""

from __future__ import annotations

import math

from sqlalchemy import ColumnElement, Connection, exists

from runicorn.errors import InvalidFilterError
from runicorn.index.schema import EXPERIMENTS, TAGS
from runicorn.query.filters.conditions import Conditions
from runicorn.query.filters.grammar import parse
from runicorn.query.models import ExperimentQuery

MAX_SEARCH = 1000


def conditions_of(connection: Connection, query: ExperimentQuery) -> list[ColumnElement[bool]]:
    """Return what must hold of a run.

    Args:
        connection: In a transaction that reads the index.
        query: What was asked.

    Raises:
        InvalidFilterError: A part of the query can't be understood; the error names it.
    """
    row = EXPERIMENTS.c
    conditions: list[ColumnElement[bool]] = []
    if query.only_deleted:
        conditions.append(row.deleted_at.is_not(None))
    elif not query.include_deleted:
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
    if query.filter:
        conditions.append(Conditions(connection, query.project).of(parse(query.filter)))
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

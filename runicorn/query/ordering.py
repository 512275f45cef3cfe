"""Orders of the run list: which fields it may be sorted by, and what a row without one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_

from runicorn.errors import InvalidFilterError, InvalidValueError
from runicorn.ids import check_key
from runicorn.index.ranks import unranked
from runicorn.index.schema import CONFIG_VALUES, EXPERIMENTS, SERIES
from runicorn.query import modes
from runicorn.query.filters.conditions import DURATION
from runicorn.query.modes import CONFIG_PREFIX
from runicorn.query.names import ConfigName, Names, NoRunsError

_ROW = EXPERIMENTS.c
_COLUMNS: dict[str, ColumnElement[Any]] = {
    **{name: _ROW[name] for name in ("created_at", "updated_at", "started_at", "ended_at")},
    **{name: _ROW[name] for name in ("best_metric_value", "status", "name", "project", "id")},
    "duration_s": DURATION,
}
FIELDS = tuple(_COLUMNS)
_NEVER_NULL = frozenset({"created_at", "updated_at", "status", "name", "project", "id"})
# Each takes a join, and SQLite takes 64 of them.
_MAX_KEYS = 16


@dataclass(frozen=True, slots=True)
class Key:
    """One field to sort by.

    Attributes:
        said_in: The part of the query it comes from, for messages.
        field: One of `FIELDS`, ``cfg.<path>`` or its last parts, or a metric, also with a mode.
        is_descending: The highest first.
    """

    said_in: str
    field: str
    is_descending: bool = False


NEWEST_FIRST = (Key("sort", "created_at", is_descending=True),)


def keys_of(sort: str | Sequence[str] | None) -> Sequence[Key]:
    """Read what a user sorts by.

    Args:
        sort: Fields, the first counts most, ``-`` before one for the highest first; in a text they
            are separated by commas. Newest first when ``None``.
    """
    if sort is None:
        return NEWEST_FIRST
    fields = sort.split(",") if isinstance(sort, str) else list(sort)
    return [
        Key("sort", name.removeprefix("-"), is_descending=name.startswith("-"))
        for name in (field.strip() for field in fields)
    ]


def order(
    connection: Connection,
    statement: Select[Any],
    keys: Sequence[Key],
    project: str | None = None,
) -> Select[Any]:
    """Sort runs; those without a field come last both ways, ties are broken by id.

    Args:
        connection: In a transaction that reads the index.
        statement: Selects from `runicorn.index.schema.EXPERIMENTS`.
        keys: What to sort by; the first counts most.
        project: Whose config values a short name may mean; all when ``None``.

    Raises:
        InvalidFilterError: No run has such a field.
    """
    if len(keys) > _MAX_KEYS:
        raise InvalidFilterError(keys[0].said_in, f"has more than {_MAX_KEYS} fields")
    terms: list[ColumnElement[Any]] = []
    for key in keys:
        statement, columns = _columns(connection, statement, key, project)
        if key.field not in _NEVER_NULL:
            terms.append(and_(*(column.is_(None) for column in columns)).asc())
        if len(columns) > 1:  # numbers stand before texts
            columns = [columns[0].is_(None), *columns]
        terms += [column.desc() if key.is_descending else column.asc() for column in columns]
    is_descending = bool(keys) and keys[-1].is_descending
    return statement.order_by(*terms, _ROW.id.desc() if is_descending else _ROW.id.asc())


def config_path(field: str, name: str) -> str | None:
    """Return the path of a config field, or ``None`` when the name is that of a metric.

    Args:
        field: The part of the query, for messages.
        name: ``cfg.<path>`` or a metric's key.

    Raises:
        InvalidFilterError: It can be neither.
    """
    if name.startswith(CONFIG_PREFIX):
        if name == CONFIG_PREFIX:
            raise InvalidFilterError(field, f"{name!r} names no config value; write cfg.<path>")
        return name.removeprefix(CONFIG_PREFIX)
    try:
        check_key(unranked(name)[0])
    except InvalidValueError as error:
        raise InvalidFilterError(field, str(error)) from error
    return None


def _columns(
    connection: Connection, statement: Select[Any], key: Key, project: str | None
) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    if key.field in _COLUMNS:
        return statement, [_COLUMNS[key.field]]
    if not key.field.strip():
        raise InvalidFilterError(key.said_in, f"names no field; there are {', '.join(FIELDS)}")
    try:
        name = Names(connection, project, key.said_in, FIELDS).find(key.field)
    except NoRunsError:
        return statement, [_ROW.id]
    if isinstance(name, ConfigName):
        values = CONFIG_VALUES.alias()
        joined = and_(values.c.run_id == _ROW.id, values.c.path == name.path)
        return statement.outerjoin(values, joined), [values.c.num, values.c.text]
    series = SERIES.alias()
    joined = and_(series.c.run_id == _ROW.id, series.c.key == name.key, series.c.n > 0)
    return statement.outerjoin(series, joined), [modes.value_of(series, name.key, name.mode)]

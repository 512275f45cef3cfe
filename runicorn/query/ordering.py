"""Orders of the run list: which fields it may be sorted by, and what a row without one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from runicorn.errors import InvalidFilterError, InvalidValueError
from runicorn.ids import check_key
from runicorn.index.schema import CONFIG_VALUES, EXPERIMENTS, SERIES

CONFIG_PREFIX = "cfg."
FIELDS = ("created_at", "updated_at", "best_metric_value", "status", "name")
_NEVER_NULL = frozenset(FIELDS) - {"best_metric_value"}


@dataclass(frozen=True, slots=True)
class Key:
    """One field to sort by.

    Attributes:
        said_in: The part of the query it comes from, for messages.
        field: One of `FIELDS`, ``cfg.<path>`` or the key of a metric.
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


def order(connection: Connection, statement: Select[Any], keys: Sequence[Key]) -> Select[Any]:
    """Sort runs; those without a field come last both ways, ties are broken by id.

    Raises:
        InvalidFilterError: No run has such a field.
    """
    terms: list[ColumnElement[Any]] = []
    for key in keys:
        statement, columns = _columns(connection, statement, key)
        if key.field not in _NEVER_NULL:
            terms.append(and_(*(column.is_(None) for column in columns)).asc())
        if key.field.startswith(CONFIG_PREFIX):  # numbers stand before texts
            columns = [columns[0].is_(None), *columns]
        terms += [column.desc() if key.is_descending else column.asc() for column in columns]
    by_id = EXPERIMENTS.c.id
    is_descending = bool(keys) and keys[-1].is_descending
    return statement.order_by(*terms, by_id.desc() if is_descending else by_id.asc())


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
        check_key(name)
    except InvalidValueError as error:
        raise InvalidFilterError(field, str(error)) from error
    return None


def _columns(
    connection: Connection, statement: Select[Any], key: Key
) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    if key.field in FIELDS:
        return statement, [EXPERIMENTS.c[key.field]]
    path = config_path(key.said_in, key.field)
    if path is None:
        _check_known(connection, SERIES.c.key, key.field, key)
        series = SERIES.alias()
        joined = and_(series.c.run_id == EXPERIMENTS.c.id, series.c.key == key.field)
        return statement.outerjoin(series, joined), [series.c.last_value]
    _check_known(connection, CONFIG_VALUES.c.path, path, key)
    values = CONFIG_VALUES.alias()
    joined = and_(values.c.run_id == EXPERIMENTS.c.id, values.c.path == path)
    return statement.outerjoin(values, joined), [values.c.num, values.c.text]


def _check_known(connection: Connection, column: ColumnElement[str], value: str, key: Key) -> None:
    if connection.execute(select(column).where(column == value).limit(1)).first() is None:
        raise InvalidFilterError(
            key.said_in,
            f"no run has the field {key.field!r}; there are {', '.join(FIELDS)}, cfg.<path> and "
            "the metrics that were logged",
        )

"""Orders of the run list: which fields it may be sorted by, and what a row without one does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from runicorn.errors import InvalidFilterError, InvalidValueError
from runicorn.ids import check_key
from runicorn.index.schema import CONFIG_VALUES, EXPERIMENTS, SERIES

CONFIG_PREFIX = "cfg."
FIELDS = ("created_at", "updated_at", "best_metric_value", "status", "name")
_NEVER_NULL = frozenset(FIELDS) - {"best_metric_value"}


def order(
    connection: Connection, statement: Select[Any], order_by: str, *, is_descending: bool
) -> Select[Any]:
    """Sort runs; those without the field come last both ways, ties are broken by id.

    Raises:
        InvalidFilterError: No run has such a field.
    """
    statement, keys = _keys(connection, statement, order_by)
    terms: list[ColumnElement[Any]] = []
    if order_by not in _NEVER_NULL:
        missing = and_(*(key.is_(None) for key in keys))
        terms.append(missing.asc())
    if order_by.startswith(CONFIG_PREFIX):  # numbers stand before texts
        keys = [keys[0].is_(None), *keys]
    keys = [*keys, EXPERIMENTS.c.id]
    terms += [key.desc() if is_descending else key.asc() for key in keys]
    return statement.order_by(*terms)


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


def _keys(
    connection: Connection, statement: Select[Any], order_by: str
) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    if order_by in FIELDS:
        return statement, [EXPERIMENTS.c[order_by]]
    path = config_path("order_by", order_by)
    if path is None:
        _check_known(connection, SERIES.c.key, order_by, order_by)
        joined = and_(SERIES.c.run_id == EXPERIMENTS.c.id, SERIES.c.key == order_by)
        return statement.outerjoin(SERIES, joined), [SERIES.c.last_value]
    _check_known(connection, CONFIG_VALUES.c.path, path, order_by)
    joined = and_(CONFIG_VALUES.c.run_id == EXPERIMENTS.c.id, CONFIG_VALUES.c.path == path)
    statement = statement.outerjoin(CONFIG_VALUES, joined)
    return statement, [CONFIG_VALUES.c.num, CONFIG_VALUES.c.text]


def _check_known(
    connection: Connection, column: ColumnElement[str], value: str, shown: str
) -> None:
    if connection.execute(select(column).where(column == value).limit(1)).first() is None:
        raise InvalidFilterError(
            "order_by",
            f"no run has the field {shown!r}; there are {', '.join(FIELDS)}, cfg.<path> and the "
            "metrics that were logged",
        )

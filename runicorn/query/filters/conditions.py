"""Conditions of filters: a tree becomes SQL over the index; values are bound, never spelled.

Every condition is true or false, never unknown: a run without a value does not fulfil a comparison,
so it fulfils the opposite. ``!=`` is the opposite of ``=``.
"""

from __future__ import annotations

from typing import get_args

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    and_,
    case,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from runicorn import clock
from runicorn.index.schema import EXPERIMENTS, TAGS
from runicorn.query.filters import comparisons, values
from runicorn.query.filters.comparisons import EQUAL, ORDER, Said
from runicorn.query.filters.grammar import FIELD
from runicorn.query.filters.tree import All, Either, Not, Tree, Word
from runicorn.query.models import Status
from runicorn.query.names import ConfigName, Name, Names, NoRunsError

_ROW = EXPERIMENTS.c
_TEXTS: dict[str, Column[str]] = {
    "name": _ROW.name,
    "exp": _ROW.name,
    "project": _ROW.project,
    "id": _ROW.id,
    "host": _ROW.hostname,
    "user": _ROW.user_name,
    "group": _ROW.group_name,
    "job": _ROW.job_type,
    "note": _ROW.notes,
}
_TIMES: dict[str, Column[float]] = {
    "started": _ROW.started_at,
    "created": _ROW.created_at,
    "ended": _ROW.ended_at,
    "updated": _ROW.updated_at,
}
FIELDS = ("status", "tag", "duration", *_TEXTS, *_TIMES)
_STATUSES = get_args(Status)
_Condition = ColumnElement[bool]


class Conditions:
    """Turns filters into conditions on `runicorn.index.schema.EXPERIMENTS`.

    Args:
        connection: In a transaction.
        project: Whose config values a short name may mean; all when ``None``.
        now: What ``7d`` counts back from; the present when ``None`` `[s]`.
    """

    def __init__(
        self, connection: Connection, project: str | None = None, now: float | None = None
    ) -> None:
        self._names = Names(connection, project, FIELD, FIELDS)
        self._now = clock.now() if now is None else now

    def of(self, tree: Tree, *, is_opposite: bool = False) -> _Condition:
        """Return what a run must fulfil.

        Opposites are pushed down to the comparisons: SQLite's parser can't nest deep.

        Args:
            tree: What was said.
            is_opposite: Return what a run must fulfil that does not fulfil it.

        Raises:
            InvalidFilterError: A field is unknown, or can't be compared so; the error says where.
        """
        if isinstance(tree, Not):
            return self.of(tree.part, is_opposite=not is_opposite)
        if isinstance(tree, All | Either):
            parts = [self.of(part, is_opposite=is_opposite) for part in tree.parts]
            if isinstance(tree, All) != is_opposite:
                return and_(true(), *parts)
            return or_(false(), *parts)
        if isinstance(tree, Word):
            condition: _Condition = _ROW.search.contains(tree.text.casefold(), autoescape=True)
        else:
            is_unequal = tree.operator == "!="
            condition = self._positive(Said("=" if is_unequal else tree.operator, tree))
            is_opposite = is_opposite != is_unequal
        return not_(condition) if is_opposite else condition

    def _positive(self, said: Said) -> _Condition:
        field = said.tree.field
        if not field.is_quoted and field.said in FIELDS:
            return self._own(field.said, said)
        try:
            name: Name = (
                self._names.find_metric(field.name, field.mode, field.at)
                if field.is_quoted
                else self._names.find(field.said, field.at)
            )
        except NoRunsError:
            return false()
        if isinstance(name, ConfigName):
            return comparisons.of_config(name.path, said)
        return comparisons.of_metric(name, said)

    def _own(self, name: str, said: Said) -> _Condition:
        if name in _TEXTS:
            return _of_text(_TEXTS[name], said)
        if name in _TIMES:
            return self._of_time(_TIMES[name], said)
        if name == "status":
            return _of_status(said)
        return _of_tag(said) if name == "tag" else _of_duration(said)

    def _of_time(self, column: ColumnElement[float], said: Said) -> _Condition:
        said.check_operator(EQUAL, ORDER)
        if said.is_null:
            return column.is_(None)
        read = values.times_of if said.operator in EQUAL else values.moment_of
        span = read(said.text, self._now)
        if span is None:
            said.refuse_value("is no time; write 2026-11-20, 2026-11-20T14:30, 7d or a range a..b")
        return and_(column.is_not(None), comparisons.compared(column, said.operator, span))


def _of_text(column: ColumnElement[str], said: Said) -> _Condition:
    said.check_operator(EQUAL, ("~",))
    if said.is_null:
        return column.is_(None)
    return and_(column.is_not(None), comparisons.text_compared(column, said))


def _of_status(said: Said) -> _Condition:
    said.check_operator(EQUAL)
    status = said.text.lower()
    if status not in _STATUSES:
        said.refuse_value(f"is no status; there are {', '.join(_STATUSES)}")
    return _ROW.status == status


def _of_tag(said: Said) -> _Condition:
    said.check_operator(EQUAL, ("~",))
    tagged = select(TAGS.c.run_id)
    if said.is_null:
        return _ROW.id.not_in(tagged)
    if said.operator == "~":
        return _ROW.id.in_(tagged.where(comparisons.text_compared(TAGS.c.tag, said)))
    return _ROW.id.in_(tagged.where(TAGS.c.tag == said.text))


def _of_duration(said: Said) -> _Condition:
    said.check_operator(EQUAL, ORDER)
    if said.is_null:
        return _ROW.started_at.is_(None)
    span = values.lengths_of(said.text)
    if span is None or said.is_range_out_of_place(span):
        said.refuse_value("is no length of time; write seconds, 90s, 2h, 1h30m or a range a..b")
    return and_(_ROW.started_at.is_not(None), comparisons.compared(DURATION, said.operator, span))


# As `runicorn.query.facts.Facts.duration_s`: a clock that was set back makes no run shorter than 0.
_LASTED = func.coalesce(_ROW.ended_at, _ROW.updated_at) - _ROW.started_at
DURATION: ColumnElement[float] = case((_LASTED < 0.0, 0.0), else_=_LASTED)
"""How long a run took `[s]`, NULL where it never started."""

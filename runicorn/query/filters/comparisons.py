"""Comparisons of filters: texts, stretches of numbers, config values and metrics as SQL."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from runicorn.errors import InvalidFilterError
from runicorn.index.functions import compiled
from runicorn.index.patterns import PatternError
from runicorn.index.schema import CONFIG_VALUES, EXPERIMENTS, SERIES
from runicorn.query import modes
from runicorn.query.filters import values
from runicorn.query.filters.grammar import FIELD
from runicorn.query.filters.tree import Comparison, Operator
from runicorn.query.filters.values import Span
from runicorn.query.names import MetricName
from runicorn.values import nonfinite_name

EQUAL: tuple[Operator, ...] = (":", "=")
ORDER: tuple[Operator, ...] = ("<", "<=", ">", ">=")
_Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Said:
    """A comparison as it was said.

    Attributes:
        operator: ``=`` also for its opposite.
        tree: Where it stands.
    """

    operator: Operator
    tree: Comparison

    @property
    def text(self) -> str:
        return self.tree.value.text

    @property
    def is_null(self) -> bool:
        """Whether there shall be no value."""
        is_named = self.text.lower() == "null" and not self.tree.value.is_quoted
        return is_named and self.operator in EQUAL

    @property
    def numbers(self) -> Span | None:
        """The number, flag or range that the value is, if it is one."""
        if self.tree.value.is_quoted:
            return None
        flag = values.flag_of(self.text)
        span = values.numbers_of(self.text) if flag is None else Span(flag, flag)
        return None if span is not None and self.is_range_out_of_place(span) else span

    def is_range_out_of_place(self, span: Span) -> bool:
        """Tell whether a range stands behind an operator that takes one number."""
        return self.operator in ORDER and (span.low is None or span.low != span.high)

    def check_operator(self, *allowed: tuple[Operator, ...]) -> None:
        """Refuse an operator that the field does not take.

        Raises:
            InvalidFilterError: It is none of those allowed.
        """
        operators = [operator for group in allowed for operator in group]
        if self.operator not in operators:
            field = self.tree.field
            raise InvalidFilterError(
                FIELD,
                f"{field.said} is not compared with {self.operator}; "
                f"there are {' '.join([*operators, '!='])}",
                position=field.at,
                expected=operators,
            )

    def refuse_value(self, reason: str) -> NoReturn:
        """Refuse the value.

        Raises:
            InvalidFilterError: Always.
        """
        raise InvalidFilterError(FIELD, f"{self.text!r} {reason}", position=self.tree.value.at)


def compared(column: ColumnElement[float], operator: Operator, span: Span) -> _Condition:
    """Compare a number with a stretch: ``<`` means before all of it, ``<=`` before its end."""
    low: _Condition = true() if span.low is None else column >= span.low
    if span.high is None:
        high: _Condition = true()
    else:
        high = column < span.high if span.is_open else column <= span.high
    if operator in EQUAL:
        return and_(low, high)
    assert span.low is not None, "an order has one value"
    assert span.high is not None, "an order has one value"
    if operator == "<":
        return column < span.low
    if operator == ">":
        return column >= span.high if span.is_open else column > span.high
    return high if operator == "<=" else low


def text_compared(column: ColumnElement[str], said: Said) -> _Condition:
    """Compare a text: ``:`` finds a part in any case, ``~`` a pattern."""
    if said.operator == ":":
        return func.casefold(column).contains(said.text.casefold(), autoescape=True)
    if said.operator == "=":
        return column == said.text
    if said.operator == "~":
        try:
            compiled(said.text)
        except PatternError as error:
            said.refuse_value(f"is no pattern: {error}")
        return column.regexp_match(said.text)
    orders = {"<": column < said.text, "<=": column <= said.text, ">": column > said.text}
    return orders.get(said.operator, column >= said.text)


def of_config(path: str, said: Said) -> _Condition:
    """Compare a config value: with numbers where it is one, else as a text."""
    row = CONFIG_VALUES.c
    having = select(row.run_id).where(row.path == path)
    if said.is_null:
        return EXPERIMENTS.c.id.not_in(having)
    text = and_(row.text.is_not(None), text_compared(row.text, said))
    span = said.numbers if said.operator != "~" else None
    if span is None:
        return EXPERIMENTS.c.id.in_(having.where(text))
    number = and_(row.num.is_not(None), compared(row.num, said.operator, span))
    if said.operator in ORDER:
        return EXPERIMENTS.c.id.in_(having.where(number))
    # Documents hold what is not finite as a text.
    single = span.low if span.low is not None and not math.isfinite(span.low) else None
    named = row.text == nonfinite_name(single) if single is not None else false()
    return EXPERIMENTS.c.id.in_(having.where(or_(number, text, named)))


def of_metric(name: MetricName, said: Said) -> _Condition:
    """Compare a value of a metric with a number."""
    said.check_operator(EQUAL, ORDER)
    value = modes.value_of(SERIES, name.key, name.mode)
    logged = select(SERIES.c.run_id).where(SERIES.c.key == name.key, SERIES.c.n > 0)
    if name.mode == "best":
        logged = logged.join(EXPERIMENTS, EXPERIMENTS.c.id == SERIES.c.run_id).correlate(None)
    has_value = true() if modes.has_nan(name.mode) else value.is_not(None)
    if said.is_null:
        return EXPERIMENTS.c.id.not_in(logged.where(has_value))
    span = said.numbers
    if span is None:
        said.refuse_value("is no number; a metric is compared with numbers, nan or null")
    if span.low is not None and math.isnan(span.low):
        is_nan = value.is_(None) if modes.has_nan(name.mode) else false()
        return EXPERIMENTS.c.id.in_(logged.where(is_nan))
    comparison = compared(value, said.operator, span)
    return EXPERIMENTS.c.id.in_(logged.where(value.is_not(None), comparison))

"""The tree of a filter: what a text says, before anybody knows which fields there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Operator = Literal[":", "=", "!=", "<", "<=", ">", ">=", "~"]


@dataclass(frozen=True, slots=True)
class Word:
    """A text that stands alone.

    Attributes:
        text: Without quotes.
        at: Where it starts in the filter `[characters]`.
    """

    text: str
    at: int

    def as_json(self) -> dict[str, Any]:
        return {"word": self.text}


@dataclass(frozen=True, slots=True)
class Field:
    """The left side of a comparison.

    Attributes:
        name: Without quotes and mode.
        mode: Which value of a metric is meant; ``None`` where nothing is said.
        is_quoted: Then it is a metric, whatever else is called so.
        said: As it stands in the filter, without quotes.
        at: Where it starts in the filter `[characters]`.
    """

    name: str
    mode: str | None
    is_quoted: bool
    said: str
    at: int

    def as_json(self) -> dict[str, Any]:
        mode = {} if self.mode is None else {"mode": self.mode}
        return {"field": self.name, **mode, **({"quoted_field": True} if self.is_quoted else {})}


@dataclass(frozen=True, slots=True)
class Value:
    """The right side of a comparison.

    Attributes:
        text: Without quotes.
        is_quoted: Then it is a text, whatever it looks like.
        at: Where it starts in the filter `[characters]`.
        length: With its quotes `[characters]`.
    """

    text: str
    is_quoted: bool
    at: int
    length: int

    def as_json(self) -> dict[str, Any]:
        return {"value": self.text, **({"quoted": True} if self.is_quoted else {})}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field, an operator and a value."""

    field: Field
    operator: Operator
    value: Value

    def as_json(self) -> dict[str, Any]:
        return {**self.field.as_json(), "op": self.operator, **self.value.as_json()}


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Tree

    def as_json(self) -> dict[str, Any]:
        return {"not": self.part.as_json()}


@dataclass(frozen=True, slots=True)
class All:
    """Everything must hold; nothing at all holds for every run."""

    parts: tuple[Tree, ...]

    def as_json(self) -> dict[str, Any]:
        return {"and": [part.as_json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Either:
    """One must hold."""

    parts: tuple[Tree, ...]

    def as_json(self) -> dict[str, Any]:
        return {"or": [part.as_json() for part in self.parts]}


Tree = Word | Comparison | Not | All | Either

"""Values: what a user logs becomes what a line holds.

Nested dictionaries are flattened with ``/``, booleans become 0 or 1, non-finite floats become the
strings of the disk format. What is no number is handed to a converter (the plugins); what the
converter does not know is refused, and nothing of that call is written.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.ids import check_key

Convert = Callable[[str, object], object]
"""Turns a foreign value into a Python number, or returns ``None`` when it does not know it."""

_INT64 = 2**63
_JSON_BITS = 63


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a media value, with the content that is written before it.

    Attributes:
        kind: The type of the event, such as ``image``.
        data: What the event says besides ``key``, ``path``, ``step`` and ``caption``; JSON values.
        extension: Of the content's file, without a dot; empty when there is none.
        content: What the file holds, or the path of a file to copy; ``None`` when all is in `data`.
    """

    kind: str
    data: dict[str, Any]
    extension: str = ""
    content: bytes | Path | None = None


class Media(ABC):
    """A value that is no number: an image, a table and so on; `log` takes it like one.

    Attributes:
        caption: A line about it, or ``None``.
    """

    caption: str | None = None

    @abstractmethod
    def pieces(self, key: str) -> list[Piece]:
        """Check and encode everything; nothing is written yet.

        Args:
            key: Where it is logged, for messages.

        Raises:
            InvalidValueError: It can't be encoded.
        """


class Flattener:
    """Turns the argument of `log` into the flat data of a line.

    Keys that were good once are remembered, so that a training loop pays for their check once.
    """

    def __init__(self, convert: Convert) -> None:
        self._convert = convert
        self._good_keys: set[str] = set()

    def flatten(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the flat data of one line.

        Raises:
            InvalidValueError: A key or a value is refused; the message names it.
        """
        flat: dict[str, Any] = {}
        good_keys = self._good_keys
        for key, value in data.items():
            # A plain finite float under a known key is nearly every value of a training loop.
            # x - x is 0 for every finite x and NaN for the others.
            if type(value) is float and key in good_keys and value - value == 0.0:
                flat[key] = value
            else:
                self._add(flat, key, value)
        return flat

    def _add(self, flat: dict[str, Any], key: object, value: object) -> None:
        good = key if isinstance(key, str) and key in self._good_keys else check_key(key)
        if isinstance(value, Mapping):
            for inner, inner_value in value.items():
                if not isinstance(inner, str):
                    raise InvalidValueError(inner, inner_value, "a metric key is a text")
                self._add(flat, f"{good}/{inner}", inner_value)
            return
        if good in flat:
            raise InvalidValueError(good, value, "is given twice in one call")
        flat[good] = self._scalar(good, value)
        self._good_keys.add(good)

    def _scalar(self, key: str, value: object) -> float | int | str:
        number = _plain_number(value)
        if number is None:
            number = _plain_number(self._convert(key, value))
        if number is None:
            raise InvalidValueError(key, value, _why_not(value))
        if isinstance(number, int):
            try:
                float(number)  # readers draw it as a float, so it must fit one
            except OverflowError:
                raise InvalidValueError(key, value, "is an integer beyond any float") from None
            return number
        return number if number - number == 0.0 else nonfinite_name(number)


def nonfinite_name(number: float) -> str:
    """Spell a non-finite float the way lines hold it."""
    if number != number:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def plain_document(data: Mapping[str, Any], convert: Convert) -> dict[str, Any]:
    """Return config or summary values as a JSON document can hold them.

    Numbers of other libraries become Python's, non-finite ones their names, and what JSON does not
    know its text: a document describes, so nothing in it is refused.
    """
    return {str(key): _plain(str(key), value, convert) for key, value in data.items()}


def _plain(key: str, value: object, convert: Convert) -> Any:
    if isinstance(value, Mapping):
        return plain_document(value, convert)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(key, element, convert) for element in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value if value is None or isinstance(value, bool) else _plain_leaf(key, value, convert)


def _plain_leaf(key: str, value: object, convert: Convert) -> float | int | str:
    number = _plain_number(value)
    if number is None:
        number = _plain_number(convert(key, value))
    if number is None or (isinstance(number, int) and number.bit_length() > _JSON_BITS):
        return str(value)
    if isinstance(number, float) and number - number != 0.0:
        return nonfinite_name(number)
    return number


def check_step(step: object) -> int:
    """Return a step as an integer.

    Raises:
        InvalidValueError: It is no integer, or beyond 64 bits.
    """
    try:
        number = operator.index(step)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidValueError("step", step, f"a step is an integer, not {step!r}") from None
    if isinstance(step, bool) or not -_INT64 <= number < _INT64:
        raise InvalidValueError("step", step, f"a step is an integer of 64 bits, not {step!r}")
    return number


def check_stage(stage: object) -> str:
    """Return a stage, a short text such as ``train``.

    Raises:
        InvalidValueError: It is no text.
    """
    if not isinstance(stage, str):
        raise InvalidValueError("stage", stage, f"a stage is a text, not {stage!r}")
    try:
        stage.encode()
    except UnicodeEncodeError:
        raise InvalidValueError("stage", stage, "is no valid Unicode text") from None
    return stage


def _plain_number(value: object) -> float | int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Decimal):
        return float("nan") if value.is_nan() else float(value)  # float() refuses a signalling NaN
    return None


def _why_not(value: object) -> str:
    if value is None:
        return "None is no number; leave the key out"
    if isinstance(value, str):
        return f"the text {value[:40]!r} is no number; texts belong to config, summary or log_text"
    shape = getattr(value, "shape", None)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if shape is not None:
        return f"a {kind} of shape {tuple(shape)} is no single number; log its mean or its elements"
    return f"a {kind} is no number"

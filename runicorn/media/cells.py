"""Cells: values of a table as JSON holds them, typed by column, and back.

A column of one kind of value has that kind as its type and plain cells; ``null`` is no value.
In a ``mixed`` column what is not plain JSON stands as ``{"type": …, "value": …}``. Media are always
``{"type": "image", "path": …, …}``.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.events import NONFINITE
from runicorn.layout import MEDIA_FOLDER
from runicorn.media.foreign import class_names
from runicorn.media.naming import new_name
from runicorn.pieces import Content, Media, captioned
from runicorn.texts import clean
from runicorn.values import nonfinite_name, plain_document

EMPTY, MIXED, NUMBER, INTEGER, BOOLEAN, TEXT, TIME, JSON, MEDIA = (
    *("empty", "mixed", "number", "integer", "boolean", "text", "time", "json", "media"),
)
# By the exact types of all values of a column; each is fast.
_PLAIN = {
    frozenset[type](): EMPTY,
    frozenset({bool}): BOOLEAN,
    frozenset({int}): INTEGER,
    frozenset({float}): NUMBER,
    frozenset({int, float}): NUMBER,
    frozenset({str}): TEXT,
}
# What stands as an object in a mixed column, since its plain form could be something else.
_WRAPPED = frozenset({NUMBER, INTEGER, TIME, JSON})
_INT64 = 2**63
_DECIMAL_BITS = 10_000
_MISSING = frozenset({"pandas._libs.missing.NAType", "pandas.api.typing.NAType"})
Typed = tuple[str, Any]
"""(type, JSON value)."""


class CellWriter:
    """Writes the cells of one table.

    Attributes:
        attachments: The files of media in cells, by their name in the run's media folder.
    """

    def __init__(self, key: str) -> None:
        self.attachments: dict[str, Content] = {}
        self._key = key

    def column(self, values: list[Any], index: int) -> tuple[str, list[Any]]:
        """Return the type of a column and its cells as JSON values.

        Raises:
            InvalidValueError: Media in a cell can't be encoded.
        """
        kind = _PLAIN.get(frozenset(map(type, values)) - {type(None)})
        if kind is not None:
            return kind, _plain_cells(kind, values)
        typed = [self._cell(value, row, index) for row, value in enumerate(values)]
        kinds = {cell[0] for cell in typed if cell is not None}
        if kinds == {INTEGER, NUMBER}:
            kinds = {NUMBER}
        if len(kinds) > 1:
            return MIXED, [None if cell is None else _mixed(cell) for cell in typed]
        return next(iter(kinds), EMPTY), [None if cell is None else cell[1] for cell in typed]

    def _cell(self, value: Any, row: int, index: int) -> Typed | None:
        media = value if isinstance(value, Media) else _wrapped(value)
        if media is not None:
            return MEDIA, self._media(media, row, index)
        return _typed(value)

    def _media(self, media: Media, row: int, index: int) -> dict[str, Any]:
        pieces = captioned(media, self._key)
        if len(pieces) != 1 or pieces[0].attachments:
            raise InvalidValueError(
                self._key, media, "a cell takes one image, sound, film, figure, page or file"
            )
        piece = pieces[0]
        cell: dict[str, Any] = {"type": piece.kind}
        if piece.content is not None:
            # The place comes first, since a long key is cut.
            name = new_name(f"{row}_{index}_{self._key}", piece.extension)
            self.attachments[name] = piece.content
            cell["path"] = f"{MEDIA_FOLDER}/{name}"
        return cell | plain_document(piece.data, _no_number)


def read_cell(kind: str, cell: Any) -> Any:
    """Return the Python value of a cell.

    Args:
        kind: The type of its column.
        cell: As JSON holds it.

    Raises:
        ValueError: It is none of this type.
    """
    if kind in {NUMBER, INTEGER} and isinstance(cell, str):
        return NONFINITE[cell] if cell in NONFINITE else int(cell, 0)
    if kind == MIXED and isinstance(cell, dict) and cell.get("type") in _WRAPPED:
        return read_cell(cell["type"], cell.get("value"))
    return cell


def _plain_cells(kind: str, values: list[Any]) -> list[Any]:
    if kind == NUMBER:
        # x - x is 0 for every finite x and NaN for the others.
        return [_finite(v) if v is None or v - v == 0 else nonfinite_name(v) for v in values]
    if kind == INTEGER:
        return [_finite(v) for v in values]
    return [v if v is None else clean(v) for v in values] if kind == TEXT else values


def _finite(value: Any) -> Any:
    """Spell an integer of more than 64 bits, which many readers of JSON would round."""
    if type(value) is not int or -_INT64 <= value < _INT64:
        return value
    # Python refuses to write integers of thousands of digits in decimal.
    return str(value) if value.bit_length() < _DECIMAL_BITS else hex(value)


def _mixed(cell: Typed) -> Any:
    kind, value = cell
    is_plain = kind not in _WRAPPED or isinstance(value, float) or type(value) is int
    return value if is_plain else {"type": kind, "value": value}


def _typed(value: Any) -> Typed | None:  # noqa: PLR0911 - a table of cases
    if value is None or not _MISSING.isdisjoint(class_names(value)):
        return None
    if isinstance(value, bool):
        return BOOLEAN, value
    if isinstance(value, int):
        return INTEGER, _finite(int(value))
    if isinstance(value, float | Decimal):
        return NUMBER, _number(value)
    if isinstance(value, str):
        return TEXT, clean(str.__str__(value))
    if isinstance(value, dt.datetime | dt.date | dt.time):
        text = value.isoformat()
        return None if text == "NaT" else (TIME, text)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _of_array(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return JSON, plain_document({"": value}, _number_of)[""]
    return TEXT, clean(str(value))


def _of_array(value: Any) -> Typed | None:
    """Type a scalar or an array of another library."""
    if "datetime64" in str(value.dtype) and not value.shape:
        text = str(value)
        return None if text == "NaT" else (TIME, text)
    plain = _python_of(value)
    if isinstance(plain, list):
        return JSON, plain_document({"": plain}, _number_of)[""]
    return (TEXT, clean(str(value))) if plain is None else _typed(plain)


def _python_of(value: Any) -> Any:
    """Return an array as lists of Python values; ``None`` when it can't tell them."""
    for name in ("tolist", "to_list", "numpy"):
        if hasattr(value, name):
            made = getattr(value, name)()
            made = made.tolist() if name == "numpy" else made
            return None if hasattr(made, "dtype") else made  # what Python has no type for
    return None


def _number(value: float | Decimal) -> float | str:
    is_nan = isinstance(value, Decimal) and value.is_nan()
    number = math.nan if is_nan else float(value)  # float() refuses a signalling NaN
    return number if math.isfinite(number) else nonfinite_name(number)


def _number_of(_key: str, value: Any) -> Any:
    """Convert an array of one element inside a list or a dictionary."""
    return value.item() if hasattr(value, "dtype") and getattr(value, "shape", None) == () else None


def _no_number(_key: str, _value: object) -> None:
    return None


def _wrapped(value: Any) -> Media | None:
    from runicorn.media.figure import Figure
    from runicorn.media.image import Image

    if Image.wraps(value):
        return Image(value)
    return Figure(value) if Figure.wraps(value) else None

"""Values: what a user logs becomes what a line holds.

Nested dictionaries are flattened with ``/``, booleans become 0 or 1, non-finite floats become the
strings of the disk format. Media are set aside. What is neither is handed to a converter and then
to a wrapper (the plugins); what nobody knows is refused, and nothing of that call is written.
"""

from __future__ import annotations

import dataclasses
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.ids import check_key
from runicorn.pieces import Gallery, Media

Convert = Callable[[str, object], object]
"""Turns a foreign value into a Python number, or returns ``None`` when it does not know it."""

Wrap = Callable[[object], Media | None]
"""Turns a foreign value into media, or returns ``None`` when it does not know it."""

# Levels of a config or summary, and elements of an array in one.
MAX_DEPTH = 100
MAX_ARRAY = 1_000
_INT64 = 2**63
MAX_STEP = _INT64 - 1
_JSON_BITS = 63
_DECIMAL_BITS = 10_000


class MediaAside(dict[str, Any]):
    """The flat data of a line, and what was set aside.

    Attributes:
        media: Media by their flat keys; at least one.
    """

    def __init__(self, flat: dict[str, Any], media: dict[str, Media]) -> None:
        super().__init__(flat)
        self.media = media


class Flattener:
    """Turns the argument of `log` into the flat data of a line, and sets media aside.

    Keys that were good once are remembered, so that a training loop pays for their check once.
    """

    def __init__(self, convert: Convert, wrap: Wrap | None = None) -> None:
        self._convert = convert
        self._wrap = wrap or _wrap_nothing
        self._good_keys: set[str] = set()

    def flatten(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the flat data of one line; a `MediaAside` when there are media.

        Raises:
            InvalidValueError: A key or a value is refused; the message names it.
        """
        flat: dict[str, Any] = {}
        aside: dict[str, Media] | None = None
        good_keys, is_nested = self._good_keys, False
        for key, value in data.items():
            # A plain finite float under a known key is nearly every value of a training loop.
            # x - x is 0 for every finite x and NaN for the others.
            if type(value) is float and key in good_keys and value - value == 0.0:
                flat[key] = value
            else:
                aside = self._add(flat, aside, key, value)
                is_nested = is_nested or isinstance(value, Mapping)
        if is_nested and _n_leaves(data) > len(flat) + len(aside or ()):
            raise InvalidValueError("data", data, "gives a key twice, nested and joined with '/'")
        return flat if aside is None else MediaAside(flat, aside)

    def _add(
        self, flat: dict[str, Any], aside: dict[str, Media] | None, key: object, value: object
    ) -> dict[str, Media] | None:
        good = key if isinstance(key, str) and key in self._good_keys else check_key(key)
        if isinstance(value, Mapping):
            for inner, inner_value in value.items():
                if not isinstance(inner, str):
                    raise InvalidValueError(inner, inner_value, "a metric key is a text")
                aside = self._add(flat, aside, f"{good}/{inner}", inner_value)
            return aside
        if good in flat or (aside and good in aside):
            raise InvalidValueError(good, value, "is given twice in one call")
        number: object = _plain_number(value)
        if number is None:
            number = self._foreign(good, value)
        if isinstance(number, Media):
            aside = {**(aside or {}), good: number}
        else:
            flat[good] = _as_written(good, value, number)
        self._good_keys.add(good)
        return aside

    def _foreign(self, key: str, value: object) -> object:
        """Return the number or the media that a value is which is no plain number."""
        if isinstance(value, Media):
            return value
        if isinstance(value, list | tuple) and (gallery := self._gallery(value)):
            return gallery
        number = _plain_number(self._convert(key, value))
        return self._wrap(value) if number is None else number

    def _gallery(self, values: Sequence[object]) -> Gallery | None:
        items: list[Media] = []
        for value in values:
            item = value if isinstance(value, Media) else self._wrap(value)
            if item is None:
                return None
            items.append(item)
        return Gallery(items) if items else None


def _n_leaves(data: Mapping[str, Any]) -> int:
    return sum(_n_leaves(value) if isinstance(value, Mapping) else 1 for value in data.values())


def _wrap_nothing(_value: object) -> None:
    return None


def _as_written(key: str, value: object, number: object) -> float | int | str:
    """Return a number as lines hold it."""
    if isinstance(number, int):
        try:
            float(number)  # readers draw it as a float, so it must fit one
        except OverflowError:
            raise InvalidValueError(key, value, "is an integer beyond any float") from None
        return number
    if isinstance(number, float):
        return number if number - number == 0.0 else nonfinite_name(number)
    raise InvalidValueError(key, value, _why_not(value))


def nonfinite_name(number: float) -> str:
    """Spell a non-finite float the way lines hold it."""
    if number != number:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def plain_document(
    data: Mapping[str, Any], convert: Convert, max_depth: int = MAX_DEPTH
) -> dict[str, Any]:
    """Return config or summary values as a JSON document can hold them.

    Numbers of other libraries become Python's, non-finite ones their names, objects with fields
    dictionaries, small arrays lists, and what JSON does not know its text.

    Raises:
        InvalidValueError: It is nested too deep, or holds itself.
    """
    return {_clean(str(key)): _plain(key, data[key], convert, max_depth) for key in data}


def as_mapping(value: object) -> Mapping[str, Any] | None:
    """Return an object with named fields as a dictionary of them; ``None`` when it has none.

    Takes dictionaries, dataclasses, argparse namespaces, named tuples, attrs, pydantic and
    OmegaConf objects; none of these libraries is imported, and nothing a user wrote is called.
    """
    if type(value).__module__.startswith("omegaconf."):
        return _of_omegaconf(value)
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    for names in ("model_fields", "__attrs_attrs__", "_fields"):
        fields = getattr(type(value), names, None)
        if isinstance(fields, Mapping | tuple):
            keys = [field if isinstance(field, str) else field.name for field in fields]
            return {key: getattr(value, key) for key in keys if hasattr(value, key)}
    argparse = sys.modules.get("argparse")
    is_namespace = argparse is not None and isinstance(value, argparse.Namespace)
    return vars(value) if is_namespace or isinstance(value, SimpleNamespace) else None


def _of_omegaconf(value: object) -> Mapping[str, Any] | None:
    omegaconf = sys.modules["omegaconf"]
    if not isinstance(value, Mapping):
        return None
    try:
        plain = omegaconf.OmegaConf.to_container(value, resolve=True)
    except Exception:  # noqa: BLE001 - an interpolation that leads nowhere is kept as it is written
        plain = omegaconf.OmegaConf.to_container(value, resolve=False)
    return plain if isinstance(plain, dict) else None


def _plain(key: object, value: object, convert: Convert, depth: int) -> Any:
    if depth <= 0:
        raise InvalidValueError(key, value, f"is nested deeper than {MAX_DEPTH} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _clean(value)
    fields = as_mapping(value)
    if fields is not None:
        return plain_document(fields, convert, depth - 1)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(key, element, convert, depth - 1) for element in value]
    return _plain_leaf(str(key), value, convert, depth)


def _plain_leaf(key: str, value: object, convert: Convert, depth: int) -> Any:
    number = _plain_number(value)
    if number is None:
        number = _plain_number(convert(key, value))
    if number is None and _is_small_array(value):
        return _plain(key, value.tolist(), convert, depth - 1)  # type: ignore[attr-defined]
    if number is None:
        return _clean(str(value))
    if isinstance(number, int) and number.bit_length() > _JSON_BITS:
        # Python refuses to write integers of thousands of digits in decimal.
        return str(number) if number.bit_length() < _DECIMAL_BITS else hex(number)
    if isinstance(number, float) and number - number != 0.0:
        return nonfinite_name(number)
    return number


def _is_small_array(value: object) -> bool:
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple) or not hasattr(value, "tolist"):
        return False
    n_elements = 1
    for length in shape:
        n_elements *= length if isinstance(length, int) else MAX_ARRAY + 1
    return bool(shape) and n_elements <= MAX_ARRAY


def _clean(text: str) -> str:
    """Return a text as UTF-8 can hold it: halves of surrogate pairs are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


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
        return (
            f"a {kind} of shape {tuple(shape)} is no single number; log its mean, or wrap it in "
            "rn.Image or rn.Histogram"
        )
    return f"a {kind} is no number"

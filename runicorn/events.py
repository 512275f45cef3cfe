r"""Journal lines: how an event becomes a line, and a line an event again.

One JSON object per line: ``{"ts": float, "type": str, "data": {...}}``, UTF-8, ``\n`` at the end. A
line that can't be understood becomes a `Damage`, so that it can be counted and shown.

Non-finite numbers stand in lines as the strings ``NaN``, ``Infinity`` and ``-Infinity``; older
files hold them as bare literals, which are read as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from runicorn.texts import is_clean

# Keys in the data of a metrics line that are no metrics. `step` was an older name of `global_step`;
# beside that one it is a metric like any other.
_NOT_METRICS = frozenset({"global_step", "time", "stage"})
_NOT_METRICS_WITHOUT_STEP = _NOT_METRICS | {"step"}
NONFINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a journal.

    Attributes:
        offset: Where the line starts in its file `[bytes]`.
        ts: When it was written `[s]`; NaN where the line does not say.
        type: ``metrics``, ``summary``, ``finish`` and so on; unknown types are kept.
        data: What it says.
    """

    offset: int
    ts: float
    type: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that can't be understood.

    Attributes:
        offset: Where the line starts in its file `[bytes]`.
        reason: Why, in plain words.
    """

    offset: int
    reason: str


def encode(ts: float, kind: str, data: dict[str, Any]) -> bytes:
    """Encode one event as a whole line.

    Args:
        ts: `[s]`
        kind: The type of the event.
        data: Values that JSON knows; non-finite floats already as strings (`runicorn.values`).
    """
    line = {"ts": ts, "type": kind, "data": data}
    try:
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # orjson stops at 64 bits; integers have no end in Python and in JSON.
        return json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def decode(offset: int, line: bytes) -> Event | Damage:
    """Decode one line without its newline; never raises."""
    try:
        document = _loads(line)
    except (ValueError, RecursionError) as error:
        return Damage(offset, f"no JSON: {error}")
    if not isinstance(document, dict):
        return Damage(offset, "no JSON object")
    kind, data = document.get("type"), document.get("data")
    if not isinstance(kind, str):
        return Damage(offset, "no type")
    if not isinstance(data, dict):
        return Damage(offset, f"a {kind} event without data")
    ts = as_number(document.get("ts"))
    return Event(offset, math.nan if ts is None else ts, kind, data)


def _loads(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except ValueError:
        return json.loads(line)  # takes bare NaN and integers of any length


def as_number(value: object) -> float | None:
    """Read a number of a line; ``None`` when it is none."""
    if isinstance(value, float):
        return value
    if isinstance(value, int):  # bool too: it counts as 0 or 1
        try:
            return float(value)
        except OverflowError:
            return math.copysign(math.inf, value)
    if isinstance(value, str):
        return NONFINITE.get(value)
    return None


def step_of(event: Event) -> int | None:
    """Read the step of a metrics event; ``None`` when there is none that 64 bits can hold."""
    step = event.data.get("global_step", event.data.get("step"))
    if isinstance(step, float) and step.is_integer():
        step = int(step)
    if isinstance(step, int) and -_INT64 <= step < _INT64:
        return int(step)
    return None


def not_metrics_in(data: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys that are no metrics in the data of a metrics event."""
    return _NOT_METRICS if "global_step" in data else _NOT_METRICS_WITHOUT_STEP


def metrics_of(event: Event) -> Iterator[tuple[str, float]]:
    """Iterate over the (key, value) pairs of a metrics event.

    What is no number is passed over, and so is a key that no answer can hold.
    """
    not_metrics = not_metrics_in(event.data)
    for key, value in event.data.items():
        if key not in not_metrics and is_clean(key):
            number = as_number(value)
            if number is not None:
                yield key, number

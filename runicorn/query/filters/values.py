"""Values of filters: what the right side of a comparison means as a number, a time, a length."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_NAMES = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
_FLAGS = {"true": 1.0, "false": 0.0}
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_LENGTH = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+", re.ASCII)
_PIECE = re.compile(r"([\d.]+)([smhdw])", re.ASCII)
# Of a day, a minute and a second, by the number of their parts.
_LENGTHS = {3: timedelta(days=1), 5: timedelta(minutes=1), 6: timedelta(seconds=1)}
_FIRST = (1, 1, 1, 0, 0, 0)
_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?)?)?(Z)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of numbers or of time; a single value is one of no length.

    Attributes:
        low: The first; ``None`` means no limit.
        high: The last; ``None`` means no limit.
        is_open: Whether `high` itself is beyond it.
    """

    low: float | None
    high: float | None
    is_open: bool = False


def number_of(text: str) -> float | None:
    """Read a number, ``nan``, ``inf`` or ``-inf``; ``None`` when it is none."""
    if _NUMBER.fullmatch(text):
        return float(text)
    return _NAMES.get(text.lower())


def flag_of(text: str) -> float | None:
    """Read ``true`` or ``false`` as 1 or 0; ``None`` when it is neither."""
    return _FLAGS.get(text.lower())


def seconds_of(text: str) -> float | None:
    """Read a length of time such as ``90``, ``2h`` or ``1h30m`` `[s]`; ``None`` when it is none."""
    if _LENGTH.fullmatch(text):
        return sum(float(count) * _SECONDS[unit] for count, unit in _PIECE.findall(text))
    return number_of(text)


def numbers_of(text: str) -> Span | None:
    """Read a number or a range such as ``1e-4..1e-2``; ``None`` when it is neither."""
    return _range_of(text, number_of)


def lengths_of(text: str) -> Span | None:
    """Read a length of time or a range of them; ``None`` when it is neither."""
    return _range_of(text, seconds_of)


def times_of(text: str, now: float) -> Span | None:
    """Read a time or a range of times; ``None`` when it is neither.

    A day means all of it, and so do a year, a month, a minute and a second; ``7d`` means the moment
    7 days ago, and alone all time since then. Local time unless ``Z`` stands at the end.

    Args:
        text: What was said.
        now: `[s]`
    """
    first, dots, last = text.partition("..")
    if not dots:
        moment = moment_of(text, now)
        return Span(moment.low, None) if moment and _LENGTH.fullmatch(text) else moment
    ends = [moment_of(end, now) if end else Span(None, None) for end in (first, last)]
    if not (first or last) or ends[0] is None or ends[1] is None:
        return None
    return Span(ends[0].low, ends[1].high, is_open=ends[1].is_open)


def moment_of(text: str, now: float) -> Span | None:
    """Read one time, a length meaning that long ago; ``None`` when it is none.

    Args:
        text: What was said.
        now: `[s]`
    """
    if _LENGTH.fullmatch(text):
        ago = now - (seconds_of(text) or 0.0)
        return Span(ago, ago)
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    *parts, utc = match.groups()
    n_parts = sum(part is not None for part in parts)
    year, month, day, hour, minute, second = (
        int(part or low) for part, low in zip(parts, _FIRST, strict=True)
    )
    try:
        first = datetime(year, month, day, hour, minute, second, tzinfo=UTC if utc else None)
        return Span(first.timestamp(), _next(first, n_parts).timestamp(), is_open=True)
    except (ValueError, OverflowError, OSError):  # no such day, or no year that the system knows
        return None


def _next(first: datetime, n_parts: int) -> datetime:
    """Return the start of the next year, month, day, minute or second, by the calendar."""
    if n_parts == 1:
        return first.replace(year=first.year + 1)
    if n_parts == 2:  # noqa: PLR2004 - year and month
        return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return first + _LENGTHS[n_parts]


def _range_of(text: str, read: Callable[[str], float | None]) -> Span | None:
    first, dots, last = text.partition("..")
    if not dots:
        number = read(text)
        return None if number is None else Span(number, number)
    ends = [read(end) for end in (first, last) if end]
    if not ends or any(end is None or math.isnan(end) for end in ends):
        return None
    return Span(ends[0] if first else None, ends[-1] if last else None)

"""Cursors of charts: an opaque text that says what a client has, so that only news is sent."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

_VERSION = "1"


@dataclass(frozen=True, slots=True)
class ChartCursor:
    """What an earlier answer held of one series.

    Attributes:
        level: Binary logarithm of the unit; -1 for raw points.
        attempt: The run's attempt then.
        n_resets: How often the run's journal had turned out to be another one.
        start: First step asked for `[steps]`.
        stop: Last step asked for `[steps]`.
        n: Points of the series.
        n_range: Points of the range.
        le0: Finite values of the range that were 0 or below.
        last_step: The highest step of the series `[steps]`.
        end_offset: Line offset of the newest point, plus 1 `[bytes]`.
    """

    level: int
    attempt: int
    n_resets: int
    start: int
    stop: int
    n: int
    n_range: int
    le0: int
    last_step: int
    end_offset: int

    def encode(self) -> str:
        """Write it as the text that a client sends back."""
        return ".".join([_VERSION, *(str(value) for value in astuple(self))])


def decode(text: str | None) -> ChartCursor | None:
    """Read a cursor; ``None`` for none and for what is none, so that all is sent anew."""
    version, *parts = (text or "").split(".")
    if version != _VERSION or len(parts) != len(fields(ChartCursor)):
        return None
    try:
        return ChartCursor(*(int(part) for part in parts))
    except ValueError:
        return None

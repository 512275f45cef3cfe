"""Histogram: how values are distributed, as counts between edges."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from runicorn.errors import InvalidValueError
from runicorn.media.arrays import as_array, split_nonfinite
from runicorn.pieces import Media, Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Counts and edges stand in the journal itself, so there must not be too many.
MAX_BINS = 4096
# The difference of two numbers beyond may be more than a float can hold.
_LARGE = 1e307


class Histogram(Media):
    """The distribution of values; it is an event without a file."""

    def __init__(
        self,
        values: Any = None,
        bins: int = 64,
        np_histogram: tuple[Any, Any] | None = None,
        caption: str | None = None,
    ) -> None:
        """Remember the values; they are counted when the histogram is logged.

        Args:
            values: A sequence, array or tensor of any shape. NaN and infinities are counted apart.
            bins: How many, of equal width from the least to the greatest finite value; 1 to 4,096.
            np_histogram: Instead of values: (counts (n,), edges (n + 1,)) as `numpy.histogram`
                returns them.
            caption: A line about it.
        """
        self._values = values
        self._bins = bins
        self._given = np_histogram
        self.caption = caption

    def pieces(self, key: str) -> list[Piece]:
        """Count the values."""
        if (self._values is None) == (self._given is None):
            raise InvalidValueError(key, None, "Histogram takes either values or np_histogram")
        if self._given is not None:
            return [Piece("histogram", _given(key, self._given))]
        if isinstance(self._bins, bool) or self._bins not in range(1, MAX_BINS + 1):
            reason = f"bins is an integer from 1 to {MAX_BINS}, not {self._bins!r}"
            raise InvalidValueError(key, self._bins, reason)
        return [Piece("histogram", _counted(as_array(key, self._values).ravel(), self._bins))]


def _counted(values: NDArray[Any], bins: int) -> dict[str, Any]:
    import numpy as np

    # float16 has too short a range to tell the width of a bin, and integers may overflow.
    floats = values if values.dtype == np.float32 else values.astype(np.float64)
    finite, nonfinite = split_nonfinite(floats)
    data: dict[str, Any] = {"counts": [], "edges": [], "n": int(values.size)}
    if nonfinite:
        data["nonfinite"] = nonfinite
        floats = floats[finite]
    if floats.size:
        least, most, scale = _limits(float(floats.min()), float(floats.max()), bins)
        limits = (np.float64(least), np.float64(most))
        counts, edges = np.histogram(floats / scale if scale != 1.0 else floats, bins, limits)
        data["counts"] = counts.tolist()
        with np.errstate(over="ignore"):
            edges = np.clip(edges * scale, -sys.float_info.max, sys.float_info.max)
        data["edges"] = edges.tolist()
    return data


def _limits(least: float, most: float, bins: int) -> tuple[float, float, float]:
    """Return limits that so many bins of different edges fit between.

    Returns:
        (least, most, what the values and both limits are divided by before they are counted).
    """
    scale = 4.0 if max(abs(least), abs(most)) > _LARGE else 1.0
    least, most = least / scale, most / scale
    # Two bins per step between neighbouring floats would have the same edges; 4 leaves room.
    narrowest = 4 * bins * math.ulp(max(abs(least), abs(most)))
    wanted = max(narrowest, 1.0 if least == most else 0.0)
    wider = max(0.0, wanted - (most - least)) / 2
    return least - wider, most + wider, scale


def _given(key: str, given: tuple[Any, Any]) -> dict[str, Any]:
    import numpy as np

    try:
        counts, edges = (as_array(key, part) for part in given)
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidValueError):
            raise
        raise InvalidValueError(key, given, "np_histogram is a pair (counts, edges)") from None
    if counts.ndim != 1 or edges.shape != (counts.size + 1,) or counts.size > MAX_BINS:
        raise InvalidValueError(
            key,
            given,
            f"np_histogram has counts of shape {counts.shape} and edges of shape {edges.shape}; "
            f"wanted are (n,) and (n + 1,) with n up to {MAX_BINS}",
        )
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise InvalidValueError(key, given, "a count is a finite number, 0 or more")
    if not np.isfinite(edges).all() or (edges[1:] < edges[:-1]).any():
        raise InvalidValueError(key, given, "edges are finite and do not fall")
    total = counts.sum().item()
    return {"counts": counts.tolist(), "edges": edges.tolist(), "n": total}

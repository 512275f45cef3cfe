"""The grid of charts: points into buckets of a power of two steps; pure NumPy.

Edges are multiples of the unit counted from 0, so the grid never moves when a range does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# The widest bucket whose index and width both fit into 64 bits.
_MAX_LEVEL = 62

Kind = Literal["nan", "inf", "-inf"]
_KINDS: tuple[Kind, Kind, Kind] = ("nan", "inf", "-inf")


@dataclass(frozen=True, slots=True)
class Buckets:
    """Non-empty buckets in order; values are NaN where a bucket has no finite point.

    Attributes:
        index: Step of the bucket's left edge divided by the unit (b,)
        x: Step of the last finite point, of the last point where none is finite `[steps]` (b,)
        first: First finite value (b,)
        last: Last finite value (b,)
        min: (b,)
        max: (b,)
        count: Points, non-finite ones included (b,)
        attempt: Attempt of the last point (b,)
        nonfinite: (position in `index`, ``nan``, ``inf`` or ``-inf``, count), in order.
    """

    index: NDArray[np.int64]
    x: NDArray[np.int64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    count: NDArray[np.int64]
    attempt: NDArray[np.int64]
    nonfinite: list[tuple[int, Kind, int]]


def level_for(n_steps: int, px: int) -> int:
    """Choose the level so that buckets of ``2 ** level`` steps per pixel lie in [1, 2).

    Args:
        n_steps: Length of the range `[steps]`; below one step a pixel the level is 0.
        px: Width `[pixels]`.
    """
    return min(_MAX_LEVEL, max(0, (n_steps // px).bit_length() - 1))


def bucketize(
    steps: NDArray[np.int64],
    values: NDArray[np.float64],
    attempts: NDArray[np.int64],
    level: int,
) -> Buckets:
    """Sum up points in buckets of ``2 ** level`` steps.

    Args:
        steps: `[steps]` (n,), ascending.
        values: (n,)
        attempts: (n,)
        level: Binary logarithm of the unit.
    """
    places = steps >> level  # an arithmetic shift: rounds down below 0 as well
    starts, ends = _groups(places)
    index = places[starts]
    finite = np.isfinite(values)
    finite_values, finite_steps, finite_places = values[finite], steps[finite], places[finite]
    finite_starts, finite_ends = _groups(finite_places)
    at = np.searchsorted(index, finite_places[finite_starts])
    x = steps[ends]
    x[at] = finite_steps[finite_ends]

    def spread(found: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.full(len(index), np.nan)
        whole[at] = found
        return whole

    return Buckets(
        index=index,
        x=x,
        first=spread(finite_values[finite_starts]),
        last=spread(finite_values[finite_ends]),
        min=spread(_reduce(np.minimum, finite_values, finite_starts)),
        max=spread(_reduce(np.maximum, finite_values, finite_starts)),
        count=ends - starts + 1,
        attempt=attempts[ends],
        nonfinite=_nonfinite(values[~finite], np.searchsorted(index, places[~finite])),
    )


def kinds_of(values: NDArray[np.float64]) -> list[Kind]:
    """Name what non-finite values are: ``nan``, ``inf`` or ``-inf``."""
    return [_KINDS[code] for code in _codes(values)]


def changes(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return (position, value) wherever a value differs from the one before it."""
    starts, _ends = _groups(values)
    return list(zip(starts.tolist(), values[starts].tolist(), strict=True))


def _groups(values: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where runs of equal values start and end, both inclusive."""
    if not len(values):
        none = np.empty(0, dtype=np.intp)
        return none, none
    changed = np.flatnonzero(values[1:] != values[:-1])
    return np.append(0, changed + 1), np.append(changed, len(values) - 1)


def _reduce(
    function: np.ufunc, values: NDArray[np.float64], starts: NDArray[np.intp]
) -> NDArray[np.float64]:
    if not len(starts):  # reduceat wants at least one
        return values
    reduced: NDArray[np.float64] = function.reduceat(values, starts)
    return reduced


def _nonfinite(
    values: NDArray[np.float64], positions: NDArray[np.intp]
) -> list[tuple[int, Kind, int]]:
    pairs = np.stack([positions, _codes(values)], axis=1)
    found, counts = np.unique(pairs, axis=0, return_counts=True)
    return [
        (position, _KINDS[code], count)
        for (position, code), count in zip(found.tolist(), counts.tolist(), strict=True)
    ]


def _codes(values: NDArray[np.float64]) -> NDArray[np.intp]:
    codes = np.where(np.isnan(values), 0, np.where(values > 0, 1, 2))
    return codes.astype(np.intp)

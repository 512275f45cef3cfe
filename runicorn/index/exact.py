"""Exact sums: floats added without rounding, so that no order and no cut changes the result.

A sum is kept as the text ``<hexadecimal mantissa>p<binary exponent>``, the mantissa odd, so equal
sums have equal texts however they came about; ``0`` is the empty one. See
docs/decisions/0006-means-from-exact-sums.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ZERO = "0"
# Bits of a float's mantissa, and where it is cut so that halves can be added as floats exactly.
_BITS, _HALF = 53, 27
# Halves of at most 27 bits: so many of them stay below 2**53.
_MAX_AT_ONCE = 1 << 25
# Below so many values integers of Python are quicker than arrays.
_FEW = 24


def sum_of(values: NDArray[np.float64]) -> str:
    """Add finite floats (n,)."""
    if len(values) <= _FEW:
        return _text(*_sum_few(values.tolist()))
    total = ZERO
    for start in range(0, len(values), _MAX_AT_ONCE):
        total = add(total, _text(*_sum_up(values[start : start + _MAX_AT_ONCE])))
    return total


def add(first: str, second: str) -> str:
    """Add two sums."""
    if ZERO in {first, second}:
        return first if second == ZERO else second
    (one, at), (other, place) = _read(first), _read(second)
    low = min(at, place)
    return _text((one << (at - low)) + (other << (place - low)), low)


def mean_of(total: str, n: int) -> float | None:
    """Divide a sum, rounded once; ``None`` when there was nothing to add."""
    if not n:
        return None
    mantissa, exponent = _read(total)
    # Python divides integers of any length and rounds the quotient correctly.
    return (mantissa << max(0, exponent)) / (n << max(0, -exponent))


def _sum_up(values: NDArray[np.float64]) -> tuple[int, int]:
    """Add floats by their exponents: within one exponent mantissas are plain integers."""
    fractions, exponents = np.frexp(values)
    mantissas = np.ldexp(fractions, _BITS).astype(np.int64)
    low = int(exponents.min())
    places = exponents - low
    highs = np.bincount(places, weights=mantissas >> _HALF)
    rests = np.bincount(places, weights=mantissas & ((1 << _HALF) - 1))
    total = 0
    for place in np.flatnonzero((highs != 0) | (rests != 0)).tolist():
        total += ((int(highs[place]) << _HALF) + int(rests[place])) << place
    return total, low - _BITS


def _sum_few(values: list[float]) -> tuple[int, int]:
    ratios = [value.as_integer_ratio() for value in values]  # all divisors are powers of two
    divisor = max((each for _number, each in ratios), default=1)
    return sum(number * (divisor // each) for number, each in ratios), 1 - divisor.bit_length()


def _text(mantissa: int, exponent: int) -> str:
    if not mantissa:
        return ZERO
    n_zeros = (mantissa & -mantissa).bit_length() - 1
    return f"{mantissa >> n_zeros:x}p{exponent + n_zeros}"


def _read(text: str) -> tuple[int, int]:
    mantissa, _, exponent = text.partition("p")
    return int(mantissa, 16), int(exponent or 0)

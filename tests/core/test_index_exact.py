"""Exact sums: no order and no cut changes them, and a mean is rounded once."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from runicorn.index.exact import ZERO, add, mean_of, sum_of

_FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60)


def _sum_of(values: list[float]) -> str:
    return sum_of(np.array(values, dtype=np.float64))


@given(values=_FLOATS, cut=st.integers(0, 60))
@example(values=[1e308] * 40, cut=3)
@example(values=[5e-324, -5e-324, 1e16, 1.0, -1e16] * 9, cut=30)
def test_no_cut_and_no_order_changes_a_sum(values: list[float], cut: int) -> None:
    whole = _sum_of(values)
    assert add(_sum_of(values[:cut]), _sum_of(values[cut:])) == whole
    assert _sum_of(values[::-1]) == whole
    assert add(whole, _sum_of([-value for value in values])) == ZERO


@given(values=_FLOATS.filter(bool))
@example(values=[-1.7976931348623157e308] * 50)
@example(values=[5e-324, 5e-324, 0.0])
@example(values=[-0.0])
def test_a_mean_is_the_exact_one_rounded_once(values: list[float]) -> None:
    exact = sum(map(Fraction, values), Fraction(0)) / len(values)
    assert mean_of(_sum_of(values), len(values)) == float(exact)


def test_long_columns_are_added_exactly() -> None:
    values = np.random.default_rng(0).normal(size=100_000) * 10.0 ** np.arange(-50, 50).repeat(1000)
    assert mean_of(sum_of(values), 1) == math.fsum(values.tolist())


def test_nothing_has_no_mean() -> None:
    assert (_sum_of([]), mean_of(ZERO, 0)) == (ZERO, None)

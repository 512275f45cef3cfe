from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import runicorn as rn
from runicorn.errors import InvalidValueError


def counted(*arguments: Any, **options: Any) -> dict[str, Any]:
    (piece,) = rn.Histogram(*arguments, **options).pieces("k")
    assert piece.kind == "histogram"
    assert piece.content is None
    return piece.data


def test_values_are_counted_as_numpy_does() -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    counts, edges = np.histogram(values, 32)
    data = counted(values, 32)
    assert data == {"counts": counts.tolist(), "edges": edges.tolist(), "n": 10_000}
    assert len(counted(values)["counts"]) == 64
    assert counted(values.reshape(100, 100), 32) == data
    assert counted(values.tolist(), 32) == data


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint64, np.float16, np.float32, np.int64])
def test_every_type_of_number_is_taken(dtype: Any) -> None:
    data = counted(np.array([0, 1, 1, 1], dtype), 2)
    assert data == {"counts": [1, 3], "edges": [0.0, 0.5, 1.0], "n": 4}


def test_tensors_are_taken() -> None:
    torch = pytest.importorskip("torch")
    for dtype in (torch.bfloat16, torch.float16, torch.float64):
        values = torch.tensor([0.0, 1.0, 1.0], dtype=dtype, requires_grad=True)
        assert counted(values * 1, 2)["counts"] == [1, 2]


def test_what_is_not_finite_is_counted_apart() -> None:
    data = counted([np.nan, np.inf, -np.inf, np.nan, 0.0, 1.0], 2)
    assert data["nonfinite"] == {"NaN": 2, "Infinity": 1, "-Infinity": 1}
    assert data["counts"] == [1, 1]
    assert data["n"] == 6


@pytest.mark.parametrize("values", [[], [np.nan, np.inf], np.zeros((0, 3))])
def test_nothing_finite_has_no_bins(values: Any) -> None:
    data = counted(values)
    assert data["counts"] == data["edges"] == []


floats = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.one_of(floats, st.sampled_from([1.0, 1.0 + 2**-52, 5e-324, sys.float_info.max]))),
    st.sampled_from([1, 3, 64, 4096]),
    st.sampled_from([np.float64, np.float32]),
)
def test_every_finite_value_is_in_a_bin_whatever_the_range(
    values: list[float], bins: int, dtype: Any
) -> None:
    with np.errstate(over="ignore"):
        array = np.array(values, dtype)
    data = counted(array, bins)
    finite = array[np.isfinite(array)]
    assert sum(data["counts"]) == finite.size
    if finite.size:
        assert len(data["counts"]) == bins
        assert len(data["edges"]) == bins + 1
        assert data["edges"][0] <= finite.min()
        assert data["edges"][-1] >= finite.max()
        assert all(np.isfinite(data["edges"]))
        assert all(low <= high for low, high in pairwise(data["edges"]))


def test_counts_of_ones_own_are_taken() -> None:
    given = np.histogram([1.0, 2.0, 2.0], 4)
    data = counted(np_histogram=given)
    assert data == {"counts": given[0].tolist(), "edges": given[1].tolist(), "n": 3}
    assert counted(np_histogram=([0.5, 1.5], [0, 1, 2]))["n"] == 2.0


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"values": [1], "np_histogram": ([1], [0, 1])}, {"values": [1], "bins": 0},
        {"values": [1], "bins": 5000}, {"values": [1], "bins": True},
        {"values": [1], "bins": [1, 2]},
        {"values": ["a"]}, {"values": [None]}, {"values": [1j]}, {"values": object()},
        {"np_histogram": ([1], [0])}, {"np_histogram": ([-1], [0, 1])}, {"np_histogram": 3},
        {"np_histogram": ([1], [1, 0])}, {"np_histogram": ([1], [0, np.inf])},
        {"np_histogram": ([np.nan], [0, 1])}, {"np_histogram": (1, 2, 3)},
        {"np_histogram": (np.ones(5000), np.arange(5001))},
    ],
)  # fmt: skip
def test_what_is_no_histogram_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match="'k'"):
        counted(**wrong)

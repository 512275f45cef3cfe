"""The grid of charts, held against a plain loop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runicorn.query.grid import bucketize, changes, level_for

_POINT = st.tuples(
    st.integers(-300, 300),
    st.one_of(st.floats(-10, 10), st.sampled_from([math.nan, math.inf, -math.inf])),
)


@given(n_steps=st.integers(1, 2**64), px=st.integers(1, 2048))
def test_buckets_per_pixel_lie_between_one_and_two(n_steps: int, px: int) -> None:
    level = level_for(n_steps, px)
    if n_steps < px:
        assert level == 0
    elif level < 62:
        assert 2**level * px <= n_steps < 2 ** (level + 1) * px


@given(points=st.lists(_POINT, max_size=60), level=st.integers(0, 10))
def test_buckets_are_those_of_a_plain_loop(points: list[tuple[int, float]], level: int) -> None:
    points = sorted(points, key=lambda point: point[0])
    steps = np.array([step for step, _value in points], dtype=np.int64)
    values = np.array([value for _step, value in points], dtype=np.float64)
    found = bucketize(steps, values, np.ones(len(points), dtype=np.int64), level)
    expected = _plain(points, 2**level)
    assert found.index.tolist() == list(expected)
    buckets = list(expected.values())
    for name in ("x", "first", "last", "min", "max", "count"):
        assert repr(getattr(found, name).tolist()) == repr([bucket[name] for bucket in buckets])
    assert found.nonfinite == [
        (position, kind, bucket[kind])
        for position, bucket in enumerate(buckets)
        for kind in ("nan", "inf", "-inf")
        if bucket[kind]
    ]


def _plain(points: list[tuple[int, float]], unit: int) -> dict[int, dict[str, Any]]:
    groups: dict[int, list[tuple[int, float]]] = {}
    for step, value in points:
        groups.setdefault(step // unit, []).append((step, value))
    return {place: _plain_bucket(group) for place, group in groups.items()}


def _plain_bucket(group: list[tuple[int, float]]) -> dict[str, Any]:
    finite = [(step, value) for step, value in group if math.isfinite(value)]
    values = [value for _step, value in finite] or [math.nan]
    return {
        "x": (finite or group)[-1][0],
        "first": values[0],
        "last": values[-1],
        "min": np.minimum.reduce(values).item(),
        "max": np.maximum.reduce(values).item(),
        "count": len(group),
        "nan": sum(math.isnan(value) for _step, value in group),
        "inf": sum(value == math.inf for _step, value in group),
        "-inf": sum(value == -math.inf for _step, value in group),
    }


def test_changes_are_told_where_they_begin() -> None:
    assert changes(np.array([1, 1, 2, 2, 2, 3])) == [(0, 1), (2, 2), (5, 3)]
    assert changes(np.array([], dtype=np.int64)) == []

"""Series summaries: first, last and extreme points, count and mean, folded in journal order.

Folding the pieces of a journal in order gives the same as summing it up at once, however it was
cut; the tests hold it to that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from runicorn.index.exact import ZERO, add, mean_of, sum_of


@dataclass(frozen=True, slots=True)
class Summary:
    """The current path of one series in a few numbers; see `runicorn.index.schema.SeriesRow`."""

    n: int = 0
    n_finite: int = 0
    n_le0: int = 0
    n_nan: int = 0
    total: str = ZERO
    mean_value: float | None = None
    first_step: int | None = None
    first_value: float | None = None
    last_step: int | None = None
    last_value: float | None = None
    min_value: float | None = None
    min_value_step: int | None = None
    max_value: float | None = None
    max_value_step: int | None = None


def summarize(steps: NDArray[np.int64], values: NDArray[np.float64]) -> Summary:
    """Sum up points that stand in journal order.

    Args:
        steps: `[steps]` (n,)
        values: (n,)
    """
    if not len(values):
        return Summary()
    first = int(np.argmin(steps))  # the first logged of equal steps
    last = len(steps) - 1 - int(np.argmax(steps[::-1]))  # the last logged of equal steps
    whole = Summary(
        n=len(values),
        n_nan=int(np.count_nonzero(np.isnan(values))),
        first_step=int(steps[first]),
        first_value=float(values[first]),
        last_step=int(steps[last]),
        last_value=float(values[last]),
    )
    finite = np.flatnonzero(np.isfinite(values))
    if not len(finite):
        return whole
    total = sum_of(values[finite])
    low = finite[np.argmin(values[finite])]
    high = finite[np.argmax(values[finite])]
    return replace(
        whole,
        n_finite=len(finite),
        n_le0=int(np.count_nonzero(values[finite] <= 0)),
        total=total,
        mean_value=mean_of(total, len(finite)),
        min_value=float(values[low]),
        min_value_step=int(steps[low]),
        max_value=float(values[high]),
        max_value_step=int(steps[high]),
    )


def fold(before: Summary, after: Summary) -> Summary:
    """Join the summaries of two stretches of one journal, the earlier one first."""
    if not before.n or not after.n:
        return after if after.n else before
    first = before if _place(before.first_step) <= _place(after.first_step) else after
    last = after if _place(after.last_step) >= _place(before.last_step) else before
    keeps_min = after.min_value is None or (
        before.min_value is not None and before.min_value <= after.min_value
    )
    keeps_max = after.max_value is None or (
        before.max_value is not None and before.max_value >= after.max_value
    )
    low, high = before if keeps_min else after, before if keeps_max else after
    n_finite, total = before.n_finite + after.n_finite, add(before.total, after.total)
    return Summary(
        n=before.n + after.n,
        n_finite=n_finite,
        n_le0=before.n_le0 + after.n_le0,
        n_nan=before.n_nan + after.n_nan,
        total=total,
        mean_value=mean_of(total, n_finite),
        first_step=first.first_step,
        first_value=first.first_value,
        last_step=last.last_step,
        last_value=last.last_value,
        min_value=low.min_value,
        min_value_step=low.min_value_step,
        max_value=high.max_value,
        max_value_step=high.max_value_step,
    )


def _place(step: int | None) -> int:
    assert step is not None, "a summary with points has steps"
    return step

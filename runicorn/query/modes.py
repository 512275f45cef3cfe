"""Value modes: which number of a metric is meant, as in ``val/acc@max`` or ``val/acc.max``."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ColumnElement, FromClause, case

from runicorn.index.schema import EXPERIMENTS
from runicorn.query.goals import guess

CONFIG_PREFIX = "cfg."
MODES = ("last", "best", "min", "max", "first", "mean", "count", "nan_count")
DEFAULT = "last"
Mode = Literal["last", "best", "min", "max", "first", "mean", "count", "nan_count"]

_COLUMNS = {
    "last": "last_value",
    "first": "first_value",
    "min": "min_value",
    "max": "max_value",
    "mean": "mean_value",
    "count": "n",
    "nan_count": "n_nan",
}
# Those whose value may be NaN itself, which a database keeps as NULL.
_OF_A_POINT = frozenset({"last", "first"})


def split(text: str) -> tuple[str, str | None]:
    """Cut the mode off a metric's name; what is none belongs to the name, as in ``recall@10``."""
    for mark in ("@", "."):
        name, _, mode = text.rpartition(mark)
        if name and mode in MODES:
            return name, mode
    return text, None


def has_nan(mode: str) -> bool:
    """Tell whether NULL stands for a value that is NaN; otherwise it means that there is none."""
    return mode in _OF_A_POINT


def value_of(series: FromClause, key: str, mode: str) -> ColumnElement[Any]:
    """Return the column that holds a value of a metric; for ``best`` runs must be joined.

    Args:
        series: Rows of `runicorn.index.schema.SERIES` of this metric.
        key: The metric's key.
        mode: One of `MODES`.
    """
    if mode != "best":
        column: ColumnElement[Any] = series.c[_COLUMNS[mode]]
        return column
    said = EXPERIMENTS.c.best_metric_name == key
    low, high = series.c.min_value, series.c.max_value
    guessed = {"min": low, "max": high}.get(guess(key) or "")
    return case(
        (series.c.goal == "min", low),
        (series.c.goal == "max", high),
        (said & (EXPERIMENTS.c.best_metric_mode == "min"), low),
        (said & (EXPERIMENTS.c.best_metric_mode == "max"), high),
        else_=guessed,
    )

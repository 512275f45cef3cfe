"""Histories, held against a plain-Python model of the journal; their frames."""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runicorn.errors import MissingLibraryError
from runicorn.events import NONFINITE, encode
from runicorn.query.history import History
from runicorn.store import Store
from runicorn.stored import StoredRun
from tests.core.conftest import CREATED_AT, NewRun

_LINE = st.tuples(
    st.integers(-2, 4),
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.one_of(st.sampled_from(["NaN", "Infinity", 0.0]), st.integers(-9, 9)),
        max_size=3,
    ),
)
_RESUME = st.one_of(st.none(), st.integers(-2, 4))
_JOURNAL = st.lists(st.one_of(_LINE, _LINE, _RESUME), max_size=12)
_Point = tuple[int, int, float, float]


def _points(journal: list[Any], key: str, *, is_current: bool) -> list[_Point]:
    """Return (attempt, step, value, time) in the order logged."""
    points: list[_Point] = []
    attempt = 1
    for number, line in enumerate(journal):
        if isinstance(line, tuple):
            step, values = line
            if key in values:
                value = NONFINITE.get(values[key], values[key])
                points.append((attempt, step, float(value), float(number)))
            continue
        attempt += 1
        if is_current and line is not None:
            points = [point for point in points if point[1] < line]
    return points


def _rows(journal: list[Any], keys: list[str], *, is_current: bool) -> list[tuple[Any, ...]]:
    """Return (attempt, step, time, values) by hand."""
    found = {key: _points(journal, key, is_current=is_current) for key in keys}
    if len(keys) == 1:
        points = found[keys[0]]
        points.sort(key=lambda each: each[1] if is_current else each[:2])
        return [(attempt, step, time, (value,)) for attempt, step, value, time in points]
    rows: dict[Any, dict[str, _Point]] = {}
    for key, points in found.items():
        for point in points:
            rows.setdefault(point[1] if is_current else point[:2], {})[key] = point
    return [
        (
            max(point[0] for point in row.values()),
            next(iter(row.values()))[1],
            max(point[3] for point in row.values()),
            tuple(row[key][2] if key in row else None for key in keys),
        )
        for _place, row in sorted(rows.items())
    ]


@settings(max_examples=60)
@given(
    journal=_JOURNAL,
    keys=st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True, min_size=1),
    start=st.one_of(st.none(), st.integers(-3, 5)),
    stop=st.one_of(st.none(), st.integers(-3, 5)),
    attempts=st.sampled_from(["current", "all"]),
)
def test_a_history_is_what_the_journal_says(
    journal: list[Any], keys: list[str], start: int | None, stop: int | None, attempts: Any
) -> None:
    with tempfile.TemporaryDirectory() as name, Store(Path(name)) as store:
        folder = Path(name) / "p" / "n" / "runs" / "r"
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text("{}")
        (folder / "events.jsonl").write_bytes(b"".join(_lines(journal)))
        history = store.run("r").history(*keys, start=start, stop=stop, attempts=attempts)
    low, high = -9 if start is None else start, 9 if stop is None else stop
    expected = [
        row
        for row in _rows(journal, keys, is_current=attempts == "current")
        if low <= row[1] <= high
    ]
    found = list(
        zip(
            history.attempts.tolist(),
            history.steps.tolist(),
            history.times.tolist(),
            [row[1:] for row in history],
            strict=True,
        )
    )
    assert repr(found) == repr(expected)  # NaN is equal to itself as text


def _lines(journal: list[Any]) -> list[bytes]:
    return [
        encode(float(number), "metrics", {**line[1], "global_step": line[0]})
        if isinstance(line, tuple)
        else encode(float(number), "attempt", {"resumed_at_step": line})
        for number, line in enumerate(journal)
    ]


@pytest.fixture
def read(root: Path, new_run: NewRun) -> StoredRun:
    run = new_run()
    run.log({"loss": "NaN", "acc": 1}, step=1)
    run.log({"loss": 2.0}, step=2)
    run.log({"loss": "-Infinity", "acc": 3}, step=3)
    with Store(root) as store:
        return store.run(run.id)


def test_frames_have_the_steps_the_metrics_and_the_time(read: StoredRun) -> None:
    history = read.history("loss", "acc")
    names = ["step", "loss", "acc", "time"]
    array = history.to_numpy()
    assert array.dtype.names == tuple(names)
    assert array["step"].tolist() == [1, 2, 3]
    assert list(history.to_pandas()) == names
    assert history.to_polars().columns == names
    assert history.to_arrow().column_names == names
    assert history.to_pandas()["time"].tolist() == [CREATED_AT + number for number in (1, 2, 3)]


def test_what_was_not_logged_is_null_and_nan_is_nan(read: StoredRun) -> None:
    history = read.history("acc", "loss")
    assert history["acc"].tolist()[::2] == [1, 3]
    assert math.isnan(history["acc"][1])
    assert history.is_logged.tolist() == [[True, True], [False, True], [True, True]]
    polars = history.to_polars()
    assert polars["acc"].to_list() == [1.0, None, 3.0]
    assert str(polars["loss"].to_list()) == "[nan, 2.0, -inf]"
    arrow = history.to_arrow()
    assert arrow["acc"].to_pylist() == [1.0, None, 3.0]
    assert (arrow["acc"].null_count, arrow["loss"].null_count) == (1, 0)
    pandas = history.to_pandas()
    assert pandas["acc"].isna().tolist() == [False, True, False]
    assert pandas["loss"].isna().tolist() == [True, False, False]


def test_frames_of_nothing_have_their_columns(read: StoredRun) -> None:
    for history in (read.history("no"), read.history("no", "nothing"), read.history(start=9)):
        names = ["step", *history.keys, "time"]
        assert len(history) == 0
        assert list(history) == []
        assert list(history.to_pandas()) == names
        assert history.to_polars().columns == names
        assert history.to_arrow().column_names == names
        assert history.to_numpy().dtype.names == tuple(names)


def test_all_metrics_are_read_when_none_is_named(read: StoredRun, new_run: NewRun) -> None:
    assert read.history().keys == ("acc", "loss")
    empty = new_run("empty")
    with Store(empty.folder.path.parents[3]) as store:
        nothing = store.run("empty").history()
    assert (nothing.keys, len(nothing), nothing.values.shape) == ((), 0, (0, 0))


def test_a_metric_keeps_its_name_beside_our_own_columns(root: Path, new_run: NewRun) -> None:
    run = new_run()
    run.log({"step": 5.0, "attempt": 6.0}, step=1)
    run.event("attempt", {"attempt": 2, "resumed_at_step": None})
    run.log({"step": 7.0, "attempt": 8.0}, step=2)
    with Store(root) as store:
        frame = store.run(run.id).history().to_pandas()
    assert list(frame) == ["_step", "attempt", "step", "time", "_attempt"]
    assert frame["_attempt"].tolist() == [1, 2]


def test_steps_and_values_keep_64_bits(root: Path, new_run: NewRun) -> None:
    run = new_run()
    run.log({"big": 2**53 + 1}, step=2**63 - 1)
    run.log({"big": 2**70}, step=-(2**63))
    with Store(root) as store:
        history = store.run(run.id).history("big", start=-(10**30), stop=10**30)
    assert history.steps.tolist() == [-(2**63), 2**63 - 1]
    assert history.values.tolist() == [2.0**70, 2.0**53]  # a float has no room for the last bit


def test_a_history_tells_what_it_is(read: StoredRun) -> None:
    assert repr(read.history("loss")) == "<History of loss: 3 points, steps 1 to 3>"
    assert repr(read.history()) == "<History of acc, loss: 3 rows, steps 1 to 3>"
    assert repr(read.history("no")) == "<History of no: 0 points>"
    with pytest.raises(KeyError, match="was not asked for"):
        read.history("loss")["acc"]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_library_that_is_missing_is_named_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # what Python takes for "not installed"
    none = np.empty(0)
    history = History(("a",), none.astype(int), none, none, none.astype(int), none.astype(bool))
    with pytest.raises(MissingLibraryError, match=f"pip install {library}") as caught:
        getattr(history, f"to_{library.replace('pyarrow', 'arrow')}")()
    assert isinstance(caught.value, ImportError)

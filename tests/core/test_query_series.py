"""Charts: raw or in buckets, whole or as what is new, always exact."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runicorn.errors import RunNotFoundError
from runicorn.query.cursors import ChartCursor, decode
from runicorn.query.models import BucketSeries, RawSeries, SeriesRequest, XAxis
from runicorn.store import Store

RUN = "20260101_000000_aaaaaa"
KEY = f"{RUN}|loss"


def _ask(store: Store, **more: Any) -> Any:
    request = SeriesRequest.model_validate({"runs": [RUN], "metrics": ["loss"], **more})
    (found,) = store.series(request).series
    return found


def test_few_points_come_back_raw(store: Store, new_run: Callable[..., Any]) -> None:
    run = new_run(RUN)
    for step, value in ((2, "NaN"), (1, 0.5), (3, -1.0), (3, "Infinity"), (2, 4.0)):
        run.log({"loss": value}, step=step)
    store.catch_up()
    found = _ask(store, px=5)
    assert isinstance(found, RawSeries)
    assert (found.n, found.n_range, found.le0, found.is_delta) == (5, 5, 1, False)
    assert found.x == [1, 2, 2, 3, 3]
    assert found.y == [0.5, None, 4.0, -1.0, None]
    assert found.nonfinite == [(1, "nan", 1), (4, "inf", 1)]
    assert found.attempts == [(0, 1)]


def test_many_points_come_back_in_buckets(store: Store, new_run: Callable[..., Any]) -> None:
    run = new_run(RUN)
    for step in range(-4, 12):
        run.log({"loss": float(step)}, step=step)
    store.catch_up()
    found = _ask(store, px=4)
    assert isinstance(found, BucketSeries)
    assert (found.unit, found.level, found.n, found.n_range) == (4, 2, 16, 16)
    assert found.b == [-1, 0, 1, 2]
    assert found.x == [-1, 3, 7, 11]
    assert found.first == found.min == [-4.0, 0.0, 4.0, 8.0]
    assert found.last == found.max == [-1.0, 3.0, 7.0, 11.0]
    assert found.cnt == [4, 4, 4, 4]
    assert found.le0 == 5
    assert (found.x_start, found.x_peak) == (-4, 11)


def test_a_bucket_of_only_non_finite_points_is_listed_with_null(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run(RUN)
    for step, value in enumerate([1.0, 2.0, "NaN", "NaN", "-Infinity", 3.0]):
        run.log({"loss": value}, step=step)
    store.catch_up()
    found = _ask(store, px=3)
    assert (found.b, found.cnt) == ([0, 1, 2], [2, 2, 2])
    assert found.first == [1.0, None, 3.0]
    assert found.last == [2.0, None, 3.0]
    assert found.min == [1.0, None, 3.0]
    assert found.x == [1, 3, 5]
    assert (found.x_start, found.x_peak) == (0, 5)
    assert found.nonfinite == [(1, "nan", 2), (2, "-inf", 1)]


def test_buckets_start_at_their_first_value(store: Store, new_run: Callable[..., Any]) -> None:
    run = new_run(RUN)
    for step, value in enumerate(["NaN", 2.0, 1.0, 2.0, 0.0, "NaN", "NaN", "NaN"]):
        run.log({"loss": value}, step=step)
    store.catch_up()
    starts = [_ask(store, px=2, x={"from": start}).x_start for start in range(6)]
    assert starts == [1, 1, 2, 3, 4, 5]
    assert _ask(store, px=2).x_peak == 1
    assert _ask(store, px=1, x={"from": 5}).x_peak is None


def test_a_range_is_inclusive_and_its_grid_is_counted_from_zero(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run(RUN)
    for step in range(100):
        run.log({"loss": float(step)}, step=step)
    store.catch_up()
    found = _ask(store, px=10, x={"from": 30, "to": 69})
    assert (found.unit, found.n, found.n_range) == (4, 100, 40)
    assert (found.b[0], found.first[0], found.b[-1], found.last[-1]) == (7, 30.0, 17, 69.0)
    assert sum(found.cnt) == 40


@pytest.mark.parametrize("x", [{"from": 5, "to": 2}, {"from": 10**30}, {"to": -(10**30)}])
def test_a_range_without_points_is_empty(
    store: Store, new_run: Callable[..., Any], x: dict[str, int]
) -> None:
    run = new_run(RUN)
    run.log({"loss": 1.0}, step=3)
    store.catch_up()
    found = _ask(store, x=x)
    assert (found.form, found.n, found.n_range, found.x) == ("raw", 1, 0, [])


def test_only_what_is_wanted_is_sent(store: Store, new_run: Callable[..., Any]) -> None:
    run = new_run(RUN)
    for step in range(10):
        run.log({"loss": 1.0}, step=step)
    store.catch_up()
    found = _ask(store, px=2, want=["max"])
    assert (found.last, found.min) == ([], [])
    assert len(found.first) == len(found.max) == len(found.b)


def test_entries_come_in_the_order_of_the_request(
    store: Store, new_run: Callable[..., Any]
) -> None:
    for run_id in ("a1", "b2"):
        new_run(run_id).log({"loss": 1.0, "acc": 1.0}, step=1)
    store.catch_up()
    answer = store.series(SeriesRequest(runs=["b", "a1"], metrics=["no", "loss", "acc"]))
    assert [(each.run, each.metric, each.form) for each in answer.series] == [
        ("b2", "no", "missing"),
        ("b2", "loss", "raw"),
        ("b2", "acc", "raw"),
        ("a1", "no", "missing"),
        ("a1", "loss", "raw"),
        ("a1", "acc", "raw"),
    ]


@pytest.mark.parametrize("run_id", ["nobody", "run", "", "run_1x", "%", "run_"])
def test_an_unknown_or_ambiguous_run_is_not_found(
    store: Store, new_run: Callable[..., Any], run_id: str
) -> None:
    new_run("run_1")
    new_run("run_2")
    store.catch_up()
    with pytest.raises(RunNotFoundError):
        store.series(SeriesRequest(runs=[run_id], metrics=["loss"]))


def test_an_exact_id_wins_over_those_that_begin_with_it(
    store: Store, new_run: Callable[..., Any]
) -> None:
    for run_id in ("run", "run-2"):
        new_run(run_id)
    store.catch_up()
    assert store.experiment("run").experiment.id == "run"


def test_the_current_path_is_shown_with_its_attempts(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run(RUN)
    for step in range(8):
        run.log({"loss": 1.0}, step=step)
    run.event("attempt", {"attempt": 2, "resumed_at_step": 4})
    for step in range(4, 8):
        run.log({"loss": 2.0}, step=step)
    store.catch_up()
    raw = _ask(store)
    assert raw.y == [1.0] * 4 + [2.0] * 4
    assert raw.attempts == [(0, 1), (4, 2)]
    assert _ask(store, px=2).attempts == [(0, 1), (1, 2)]


def test_the_same_question_has_the_same_answer_until_something_changes(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run, other = new_run(RUN), new_run("other")
    run.log({"loss": 1.0}, step=1)
    store.catch_up()
    request = SeriesRequest(runs=[RUN], metrics=["loss"])
    before = store.series(request)
    other.log({"loss": 1.0}, step=1)
    store.catch_up()
    assert store.series(request) == before
    run.log({"loss": 1.0}, step=2)
    store.catch_up()
    assert store.series(request).rev != before.rev


def _merge(have: Any, news: Any) -> Any:
    """What a page does with an answer: replace all, or put the news in."""
    if not news.is_delta:
        return news
    if news.form == "raw":
        pairs = [*zip(have.x, have.y, strict=True), *zip(news.x, news.y, strict=True)]
        pairs.sort(key=lambda pair: pair[0])
        x, y = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return have.model_copy(
            update={"x": x, "y": y, "n": news.n, "n_range": news.n_range, "le0": news.le0,
                    "cursor": news.cursor}
        )  # fmt: skip
    arrays = ("x", "first", "last", "min", "max", "cnt")
    buckets = {
        place: values
        for series in (have, news)
        for place, *values in zip(series.b, *(getattr(series, n) for n in arrays), strict=True)
    }
    columns = list(zip(*(buckets[place] for place in sorted(buckets)), strict=True))
    merged = {name: list(column) for name, column in zip(arrays, columns, strict=True)}
    counts = {"n": news.n, "n_range": news.n_range, "le0": news.le0, "cursor": news.cursor}
    is_earlier = news.b and (not have.b or news.b[0] <= have.b[0])
    start = news.x_start if is_earlier else have.x_start
    steps = {"x_start": start, "x_peak": _higher(have, news).x_peak}
    return have.model_copy(update={"b": sorted(buckets), **merged, **counts, **steps})


def _higher(have: Any, news: Any) -> Any:
    tops = [max((v for v in s.max if v is not None), default=-math.inf) for s in (have, news)]
    return news if tops[1] > tops[0] else have


def _shown(series: Any) -> dict[str, Any]:
    shown: dict[str, Any] = series.model_dump(exclude={"is_delta", "nonfinite", "attempts"})
    return shown


@pytest.mark.parametrize("px", [1, 7, 40, 1000])
@pytest.mark.parametrize("x", [{}, {"from": 20, "to": 90}, {"from": 50}])
@pytest.mark.parametrize("goes_back", [False, True])
def test_following_with_cursors_ends_where_asking_anew_does(
    store: Store, new_run: Callable[..., Any], px: int, x: dict[str, int], goes_back: bool
) -> None:
    rng = random.Random(f"{px}{x}{goes_back}")
    run = new_run(RUN)
    step, n_deltas = 0, 0
    followed: Any = None
    for turn in range(25):
        for _ in range(rng.randrange(8)):
            step = rng.randrange(150) if goes_back and rng.random() < 0.2 else step + 1
            value = rng.choice(["NaN", "Infinity", rng.uniform(-1, 1), rng.uniform(-1, 1)])
            run.log({"loss": value, "other": 1.0}, step=step)
        if turn == 15:
            run.event("attempt", {"attempt": 2, "resumed_at_step": step - 3})
        store.catch_up()
        fresh = _ask(store, px=px, x=x)
        if fresh.form == "missing":
            continue
        have: dict[str, str] = {} if followed is None else {KEY: followed.cursor}
        news = _ask(store, px=px, x=x, have=have)
        n_deltas += news.is_delta
        followed = news if followed is None else _merge(followed, news)
        assert _shown(followed) == _shown(fresh)
    assert n_deltas


def test_nothing_new_is_an_empty_delta(store: Store, new_run: Callable[..., Any]) -> None:
    run = new_run(RUN)
    for step in range(50):
        run.log({"loss": float(step)}, step=step)
    store.catch_up()
    cursor = _ask(store, px=10).cursor
    found = _ask(store, px=10, have={KEY: cursor})
    assert (found.is_delta, found.b, found.cursor) == (True, [], cursor)
    assert _ask(store, px=20, have={KEY: cursor}).is_delta is False
    assert _ask(store, px=10, x={"from": 1}, have={KEY: cursor}).is_delta is False


def test_a_delta_holds_only_the_buckets_that_changed(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run(RUN)
    for step in range(64):
        run.log({"loss": float(step)}, step=step)
    store.catch_up()
    cursor = _ask(store, px=32, x={"to": 127}).cursor
    run.log({"loss": 99.0}, step=64)
    run.log({"loss": 98.0}, step=5)
    store.catch_up()
    found = _ask(store, px=32, x={"to": 127}, have={KEY: cursor})
    assert (found.is_delta, found.b, found.max) == (True, [1, 16], [98.0, 99.0])


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "1.2.3", "2.1.1.0.0.0.0.0.0.0.0", "1.x.1.0.0.0.0.0.0.0.0"]
)
def test_a_cursor_that_is_none_gets_everything(
    store: Store, new_run: Callable[..., Any], cursor: str
) -> None:
    new_run(RUN).log({"loss": 1.0}, step=1)
    store.catch_up()
    assert _ask(store, have={KEY: cursor}).is_delta is False


def test_a_journal_that_was_replaced_makes_cursors_invalid(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run(RUN)
    run.log({"loss": 1.0}, step=1)
    store.catch_up()
    cursor = _ask(store).cursor
    journal = run.folder.journal
    journal.write_bytes(journal.read_bytes().replace(b"1.0", b"2.0") * 2)
    store.catch_up()
    found = _ask(store, have={KEY: cursor})
    assert (found.is_delta, found.y) == (False, [2.0, 2.0])


@given(st.builds(ChartCursor, *[st.integers(-(2**63), 2**63) for _ in range(10)]))
def test_a_cursor_is_read_as_it_was_written(cursor: ChartCursor) -> None:
    assert decode(cursor.encode()) == cursor


def test_extremes_are_exact_and_the_ends_are_in_the_answer(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run(RUN)
    values = [math.sin(step) * 1e-17 + 1 for step in range(500)]
    for step, value in enumerate(values):
        run.log({"loss": value}, step=step * 3)
    store.catch_up()
    for px in (1, 3, 50, 499):
        found = _ask(store, px=px)
        assert (found.first[0], found.last[-1]) == (values[0], values[-1])
        assert (min(found.min), max(found.max)) == (min(values), max(values))
        assert sum(found.cnt) == 500
        assert (found.x_start, found.x_peak) == (0, 3 * values.index(max(values)))


def test_a_request_needs_runs_and_metrics() -> None:
    with pytest.raises(ValueError, match="runs"):
        SeriesRequest(runs=[], metrics=["loss"])
    assert XAxis().start is None

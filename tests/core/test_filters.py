"""The filter language: what a text means, where a wrong one is wrong, and that none does harm."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import runicorn as rn
from runicorn.errors import InvalidFilterError
from runicorn.query import modes
from runicorn.query.filters.grammar import MAX_DEPTH, MAX_LENGTH, MAX_PARTS, parse
from runicorn.query.filters.values import Span, lengths_of, moment_of, numbers_of, times_of
from runicorn.query.models import ExperimentQuery
from runicorn.store import Store
from tests.core.conftest import NewRun

CASES = json.loads((Path(__file__).parent / "filter_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["text"])
def test_a_text_means_its_tree_or_is_wrong_at_its_place(case: dict[str, Any]) -> None:
    if "tree" in case:
        assert parse(case["text"]).as_json() == case["tree"]
        return
    with pytest.raises(InvalidFilterError) as caught:
        parse(case["text"])
    assert caught.value.position == case["error"]


def test_the_shared_cases_are_enough_and_name_the_limits() -> None:
    assert len(CASES["cases"]) >= 200
    assert len({case["text"] for case in CASES["cases"]}) == len(CASES["cases"])
    assert tuple(CASES["modes"]) == modes.MODES
    limits = [CASES[f"max_{name}"] for name in ("characters", "parts", "depth")]
    assert limits == [MAX_LENGTH, MAX_PARTS, MAX_DEPTH]


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_TREE = st.recursive(
    st.one_of(
        st.builds(lambda text: {"word": text}, _TEXT),
        st.builds(
            lambda field, mode, op, value: {
                "field": field, **({"mode": mode} if mode else {}), "quoted_field": True,
                "op": op, "value": value, "quoted": True,
            },
            _TEXT,
            st.sampled_from([None, *modes.MODES]),
            st.sampled_from([":", "=", "!=", "<", "<=", ">", ">=", "~"]),
            _TEXT,
        ),
    ),
    lambda inner: st.one_of(
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda parts: {"and": parts}, st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: {"or": parts}, st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=12,
)  # fmt: skip


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _spelled(tree: dict[str, Any]) -> str:
    if "word" in tree:
        return _quoted(tree["word"])
    if "not" in tree:
        return f"not ({_spelled(tree['not'])})"
    for joint in ("and", "or"):
        if joint in tree:
            return f" {joint} ".join(f"({_spelled(part)})" for part in tree[joint])
    mode = f"@{tree['mode']}" if "mode" in tree else ""
    return f"{_quoted(tree['field'])}{mode}{tree['op']}{_quoted(tree['value'])}"


@given(tree=_TREE)
def test_every_tree_can_be_spelled_and_read_again(tree: dict[str, Any]) -> None:
    assert parse(_spelled(tree)).as_json() == tree


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH),
        ("a " * (MAX_PARTS + 1), MAX_PARTS * 2),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), MAX_DEPTH),
        ("not " * MAX_PARTS + "a", MAX_PARTS * 4),
        ("a \ud800", 2),
    ],
    ids=["long", "many", "deep", "nots", "half a character"],
)
def test_what_could_explode_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(InvalidFilterError) as caught:
        parse(text)
    assert caught.value.position == position


def test_an_error_says_what_was_expected() -> None:
    with pytest.raises(InvalidFilterError, match=r"ends too early.* \(at character 7\)") as caught:
        parse("loss <")
    assert caught.value.expected == ("a value", "a value in quotes")
    for text, message in (
        ('name:"abc', "a quote is opened and not closed"),
        ("name~(a|b)", "must stand in double quotes"),
        ("a )", r"expected .*the end, not '\)'"),
        ('"x"@median>1', "there is no value 'median'; there are last, best"),
    ):
        with pytest.raises(InvalidFilterError, match=message):
            parse(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1", Span(1, 1)),
        ("-1.5E3", Span(-1500, -1500)),
        (".5", Span(0.5, 0.5)),
        ("1..2", Span(1, 2)),
        ("1..", Span(1, None)),
        ("..1", Span(None, 1)),
        ("1e-4..1e-2", Span(1e-4, 1e-2)),
        ("inf", Span(float("inf"), float("inf"))),
        *(
            (text, None)
            for text in ("", "..", "a", "1_0", "0x1", "1..a", "nan..1", "٣", "1 2", "--1")
        ),
    ],
)
def test_numbers_and_ranges_of_them(text: str, span: Span | None) -> None:
    assert numbers_of(text) == span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90", Span(90, 90)),
        ("1h30m", Span(5400, 5400)),
        ("1.5h..2d", Span(5400, 172_800)),
        ("1w..", Span(604_800, None)),
        ("1y", None),
        ("h", None),
        ("1.2.3h", None),
    ],
)
def test_lengths_of_time(text: str, span: Span | None) -> None:
    assert lengths_of(text) == span


_NOW = 1_800_000_000.0  # 2027-01-15 08:00 UTC


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2027-01-15T08:00Z", _NOW, _NOW + 60),
        ("2027-01-15T08:00:00Z", _NOW, _NOW + 1),
        ("2027-01-15Z", _NOW - 8 * 3600, _NOW + 16 * 3600),
        ("2027-01Z", 1_798_761_600.0, 1_801_440_000.0),
        ("2026-12Z", 1_796_083_200.0, 1_798_761_600.0),
        ("2026Z", 1_767_225_600.0, 1_798_761_600.0),
        ("2024-02-29Z", 1_709_164_800.0, 1_709_251_200.0),
        ("2026-12-31T23:59:59Z..", 1_798_761_599.0, None),
        ("..2026-12-31Z", None, 1_798_761_600.0),
        ("7d", _NOW - 604_800, None),
        ("2d..1d", _NOW - 172_800, _NOW - 86_400),
    ],
)
def test_times_are_stretches(text: str, low: float | None, high: float | None) -> None:
    span = times_of(text, _NOW)
    assert span is not None
    assert (span.low, span.high) == (low, high)


def test_a_time_without_zone_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        # A day of 25 hours: the clocks go back.
        assert moment_of("2026-11-01", _NOW) == Span(1_793_505_600.0, 1_793_595_600.0, is_open=True)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    ["", "..", "yesterday", "2026-13", "2026-02-30", "2026-1-1", "20261101", "9999-12-31Z", "0000",
     "2026-11-20T14", "2026-11-20T25:00", "7d..x", "9" * 400 + "d", "1" * 500],
)  # fmt: skip
def test_what_is_no_time_is_told(text: str) -> None:
    span = times_of(text, _NOW)
    assert span is None or span.low == float("-inf")


@pytest.fixture
def some(store: Store, new_run: NewRun) -> Store:
    """Two runs of one project and one of another."""
    run = new_run("a", config={"optim": {"lr": 0.1, "name": "adam"}, "seed": 1}, tags=["good"])
    run.log({"loss": 1.0, "loss.max": 5.0, "val/acc": 0.5, "duration": 3.0}, step=1)
    run.log({"loss": 0.5, "val/acc": "NaN"}, step=2)
    new_run("b", config={"optim": {"lr": 0.2}, "data": {"name": "c10"}})
    new_run("c", project="q", config={"model": {"lr": 3}, "lr.x": 1}).log({"loss": 2.0}, step=1)
    store.catch_up()
    return store


def _ids(store: Store, text: str, project: str | None = None) -> list[str]:
    query = ExperimentQuery(filter=text, project=project, order_by="id", order_desc=False)
    return [run.id for run in store.experiments(query).experiments]


def test_a_short_name_means_the_config_value_that_ends_so(some: Store) -> None:
    assert _ids(some, "seed=1") == ["a"]
    assert _ids(some, "lr:0.15..", project="p") == ["b"]
    assert _ids(some, "optim.lr=0.1") == ["a"]
    with pytest.raises(InvalidFilterError, match=r"'lr' may mean cfg\.model\.lr or cfg\.optim\.lr"):
        _ids(some, "lr=0.1")


def test_a_metric_wins_over_a_short_name_and_our_own_fields_over_both(some: Store) -> None:
    assert _ids(some, "duration:60") == ["a", "b", "c"]
    assert _ids(some, '"duration":3') == ["a"]
    assert _ids(some, "duration@last:3") == ["a"]
    assert _ids(some, "loss.max:1") == ["a"]
    assert _ids(some, '"loss.max":5') == ["a"]
    assert _ids(some, "loss.max.max:5") == ["a"]


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("a lrr<1", 2, "no run has the field 'lrr'. Did you mean cfg"),
        ("vall/acc>1", 0, "Did you mean val/acc?"),
        ("Status:running", 0, "Did you mean status?"),
        ("cfg.optim.lrr=1", 0, "Did you mean cfg.optim.lr"),
        ('"nope"=1', 0, "no run has the field 'nope'"),
        ("zzzzzzzz=1", 0, "There are status, tag"),
        ("loss:abc", 5, "'abc' is no number"),
        ('loss:"1"', 5, "'1' is no number"),
        ("loss>1..2", 5, "'1..2' is no number"),
        ("loss>nan", 5, "'nan' is no number"),
        ("loss~1", 0, "loss is not compared with ~"),
        ("name<a", 0, "name is not compared with <; there are : = ~ !="),
        ("status>running", 0, "status is not compared with >"),
        ("x status:done", 9, "'done' is no status; there are running, finished"),
        ("started:soon", 8, "'soon' is no time"),
        ("started>1d..2d", 8, "'1d..2d' is no time"),
        ("duration>long", 9, "'long' is no length of time"),
        ("duration>1h..2h", 9, "is no length of time"),
        ('name~"(a"', 5, "is no pattern: this ( is not closed"),
        ("cfg.optim.name~a{9999}", 15, "is no pattern: a count goes up to 1000"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(
    some: Store, text: str, position: int, message: str
) -> None:
    with pytest.raises(InvalidFilterError) as caught:
        _ids(some, text)
    assert caught.value.position == position
    assert message in str(caught.value)
    assert caught.value.field == "filter"


def test_names_are_not_known_before_there_are_runs(store: Store) -> None:
    assert _ids(store, "val/acc > 0.9 or cfg.lr < 1") == []
    assert _ids(store, "not loss:1") == []
    query = ExperimentQuery(order_by="val/acc@max")
    assert store.experiments(query).total == 0


def test_runs_are_filtered_and_sorted_by_values_of_metrics(root: Path, new_run: NewRun) -> None:
    for run_id, losses in (("a", [3.0, 1.0, 2.0]), ("b", [4.0, 0.5, 0.9]), ("c", [1.0, 1.0])):
        run = new_run(run_id)
        for step, loss in enumerate(losses):
            run.log({"loss": loss}, step=step)
    new_run("d")

    def ids(**query: Any) -> list[str]:
        return [run.id for run in rn.runs(root=root, **query)]

    assert ids(filter="loss.min < 1") == ["b"]
    assert ids(filter="loss < 1.5", sort="loss.first") == ["c", "b"]
    assert ids(filter="loss.mean = 2") == ["a"]
    assert ids(filter="loss@count >= 3", sort="-loss@max") == ["b", "a"]
    assert ids(filter="loss = null") == ["d"]
    assert ids(sort="loss@best,-loss.max") == ["b", "a", "c", "d"]
    assert ids(sort="-loss.mean") == ["a", "b", "c", "d"]
    assert ids(sort=["-loss.count", "loss.best"]) == ["b", "a", "c", "d"]


def test_a_column_shows_the_value_that_it_names(some: Store) -> None:
    query = ExperimentQuery(
        columns=["loss", "loss@max", "loss.max", "val/acc", "val/acc@nan_count", "no@max"],
        filter="id=a",
    )
    (run,) = some.experiments(query).experiments
    assert run.summary == {
        "loss": 0.5,
        "loss@max": 1.0,
        "loss.max": 5.0,  # a metric of that very name
        "val/acc": "NaN",
        "val/acc@nan_count": 1.0,
        "no@max": None,
    }


def test_texts_are_values_and_never_sql(some: Store) -> None:
    for text in (
        '"\' OR 1=1 --"',
        'name:"\'; DROP TABLE experiments; --"',
        "tag=\"') OR ('1'='1\"",
        'name:"%"',
        'cfg.optim.name=")))"',
        'note~"%"',
    ):
        assert _ids(some, text) == []
    for text in ('"\'"=1', '"a\' OR 1=1"@max>1', "cfg.'=1"):
        with pytest.raises(InvalidFilterError):
            _ids(some, text)
    assert len(_ids(some, "")) == 3


def test_the_deepest_filter_is_answered(some: Store) -> None:
    half = MAX_DEPTH // 2
    for opening, n_times in (
        ("good or not (", MAX_DEPTH),
        ("good or (a (", half),
        ("not (", MAX_DEPTH),
    ):
        depth = n_times * opening.count("(")
        for innermost in ("loss!=null", "seed:1 or tag!=null", "optim.lr>3 started<2001 or lr.x=1"):
            text = opening * n_times + innermost + ")" * depth
            assert _ids(some, text)
    assert _ids(some, " or ".join(["loss.best<0 lr.x=1"] * (MAX_PARTS // 2))) == []


def test_a_pattern_that_takes_too_long_is_given_up(store: Store, new_run: NewRun) -> None:
    rng = random.Random(1)
    for number in range(30):
        # The ways through the pattern are other ones at every place: nothing can be remembered.
        new_run(f"run-{number:02}", notes="".join(rng.choices("ab", k=6_000)))
    store.catch_up()
    text = 'note~"(a|b)*a[ab]{90}x"'
    began = time.monotonic()
    with pytest.raises(InvalidFilterError, match="takes too long"):
        _ids(store, text)
    assert time.monotonic() - began < 30
    assert len(_ids(store, "note~^.")) == 30


_PIECES = st.sampled_from(
    ["and", "or", "not", "(", ")", " ", '"', "\\", ":", "=", "!=", "<", ">", "~", "..", "@max",
     ".best", "loss", "status", "tag", "started", "duration", "cfg.optim.lr", "lr", "1e-4", "nan",
     "null", "7d", "2026-11-20", "running", "a{2}", "[a-", "\0", "😀", "'", "%", ";", "\ud800"]
)  # fmt: skip


@settings(max_examples=300)
@given(text=st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=14).map("".join)))
@example(text="\0")
@example(text="cfg.\0=1")
@example(text='"\0"=1')
@example(text="started:0001-01-01")
@example(text="started:9999-12-31..")
@example(text="duration:" + "9" * 400)
@example(text="seed=" + "9" * 400)
@example(text="loss.best:-1e999..1e999")
def test_no_text_does_anything_but_answer_or_be_refused(fuzzed: Store, text: str) -> None:
    try:
        assert isinstance(_ids(fuzzed, text), list)
    except InvalidFilterError as error:
        position = error.position
    else:
        return
    assert position is None or 0 <= position <= len(text)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("fuzzed")
    folder = root / "p" / "n" / "runs" / "a"
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text('{"tags": ["a"], "notes": "b\\u0000c"}')
    (folder / "config.json").write_text('{"optim": {"lr": 0.1, "name": "x"}, "seed": 1}')
    (folder / "events.jsonl").write_text(
        '{"ts": 1, "type": "metrics", "data": {"loss": 1, "global_step": 1}}\n'
    )
    with Store(root) as store:
        store.catch_up()
        yield store

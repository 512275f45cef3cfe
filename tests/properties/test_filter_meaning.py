"""A filter picks the runs that a plain evaluation over their documents picks."""

from __future__ import annotations

import math
import operator
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runicorn.events import NONFINITE, encode
from runicorn.files import write_json
from runicorn.query.models import ExperimentQuery
from runicorn.store import Store

Run = dict[str, Any]
_NUMBERS = ["NaN", "Infinity", "-Infinity", 0.0, 0.25, 0.5, 1.0, -1.0]
_METRICS = ["loss", "val/acc", "recall@10", "score"]


def _drawn(rng: random.Random, number: int) -> Run:
    """Draw one run as its documents will hold it."""
    started = rng.choice([None, 0.0, 86_400.0, 1_700_000_000.0, 1_700_003_600.0])
    lr = rng.choice([None, 0.25, 0.5, 1, True, False, "auto", "0.5", "NaN", [1, 2]])
    primary = rng.choice([None, ("score", "min"), ("score", "max"), ("loss", "max")])
    return {
        "id": f"run-{number:02}",
        "project": rng.choice(["p", "q"]),
        "name": rng.choice(["resnet", "ResNet_50%", "ablation/ÄRGER"]),
        "meta": {
            "created_at": float(rng.randrange(3) * 86_400),
            "tags": rng.sample(["good", "bad", "Ünique tag"], rng.randrange(3)),
            "notes": rng.choice([None, "", "First try", "100%_sure\\"]),
            "user": rng.choice([None, "eve"]),
            "hostname": rng.choice([None, "gpu-03"]),
            "group": rng.choice([None, "sweep"]),
        },
        "status": {
            "status": rng.choice(["finished", "failed", "interrupted"]),
            "started_at": started,
            "ended_at": None
            if started is None
            else started + rng.choice([-5.0, 0.0, 90.0, 7200.0]),
        },
        "config": {
            **({} if lr is None else {"optim": {"lr": lr}}),
            **rng.choice([{}, {"seed": 1}, {"seed": "one"}, {"data": {"seed": 2}}]),
        },
        "summary": {}
        if primary is None
        else {"best_metric_name": primary[0], "best_metric_mode": primary[1]},
        "points": {
            key: [rng.choice(_NUMBERS) for _ in range(rng.randrange(4))]
            for key in rng.sample(_METRICS, rng.randrange(4))
        },
    }


def _write(root: Path, run: Run) -> None:
    folder = root / run["project"] / run["name"] / "runs" / run["id"]
    folder.mkdir(parents=True)
    for name in ("meta", "status", "config", "summary"):
        write_json(folder / f"{name}.json", run[name])
    with (folder / "events.jsonl").open("wb") as journal:
        for key, values in run["points"].items():
            for step, value in enumerate(values):
                journal.write(encode(1.0, "metrics", {key: value, "global_step": step}))


@pytest.fixture(scope="module", params=[1, 2, 3])
def world(request: pytest.FixtureRequest) -> Iterator[tuple[Store, list[Run]]]:
    rng = random.Random(request.param)
    runs = [_drawn(rng, number) for number in range(rng.choice([5, 20, 30]))]
    with tempfile.TemporaryDirectory() as name, Store(Path(name)) as store:
        for run in runs:
            _write(store.root, run)
        store.catch_up()
        yield store, runs


# What is asked: (spelled, plain evaluation).
_Term = tuple[str, Callable[[Run], bool]]
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _metric(run: Run, key: str, mode: str) -> float | None:
    """Return a value of a metric; ``None`` where there is none."""
    logged = [float(NONFINITE.get(value, value)) for value in run["points"].get(key, [])]
    if not logged:
        return None
    finite = [value for value in logged if math.isfinite(value)]
    primary = run["summary"].get("best_metric_name") == key
    guess = {"loss": "min", "val/acc": "max", "recall@10": "max"}.get(key)
    goal = run["summary"]["best_metric_mode"] if primary else guess
    of_finite: dict[str, Callable[[list[float]], float]] = {
        "min": min, "max": max, "mean": lambda values: math.fsum(values) / len(values),
    }  # fmt: skip
    if mode == "best":
        if goal is None:
            return None
        mode = goal
    if mode in of_finite:
        return of_finite[mode](finite) if finite else None
    return {
        "first": logged[0],
        "last": logged[-1],
        "count": len(logged),
        "nan_count": sum(map(math.isnan, logged)),
    }[mode]


def _metric_term(key: str, mode: str | None, mark: str, sign: str, value: str) -> _Term:
    named = key if mode is None else f"{key}{mark}{mode}"
    text = f"{named}{sign}{value}"

    def holds(run: Run) -> bool:
        found = _metric(run, key, mode or "last")
        if value == "null":
            same = found is None
        elif value == "nan":
            same = found is not None and math.isnan(found)
        else:
            compare: Callable[[float, float], bool] = _OPERATORS.get(sign, operator.eq)
            same = found is not None and compare(found, float(value))
        return same != (sign == "!=")

    return text, holds


_METRIC_TERMS = st.builds(
    _metric_term,
    st.sampled_from(_METRICS),
    st.sampled_from([None, "last", "first", "min", "max", "mean", "best", "count", "nan_count"]),
    st.sampled_from("@."),
    st.sampled_from(["=", ":", "!="]),
    st.sampled_from(["0", "0.5", "1", "-1", "inf", "-inf", "nan", "null"]),
) | st.builds(
    _metric_term,
    st.sampled_from(_METRICS),
    st.sampled_from([None, "last", "min", "max", "mean", "best", "count", "nan_count"]),
    st.sampled_from("@."),
    st.sampled_from(["<", "<=", ">", ">="]),
    st.sampled_from(["0", "0.3", "0.5", "1", "2", "-1", "inf", "-inf"]),
)


def _leaf(run: Run, path: str) -> Any:
    found: Any = run["config"]
    for part in path.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _stored(leaf: Any) -> tuple[float | None, str | None]:
    """Return a config value as (number, text)."""
    if leaf is None or isinstance(leaf, str):
        return None, leaf
    return (None, "[1,2]") if isinstance(leaf, list) else (float(leaf), None)


def _config_term(path: str, sign: str, value: str) -> _Term:
    def holds(run: Run) -> bool:
        number, text = _stored(_leaf(run, path))
        return _config_holds(number, text, sign, value) != (sign == "!=")

    return f"cfg.{path}{sign}{value}", holds


def _config_holds(number: float | None, text: str | None, sign: str, value: str) -> bool:
    wanted = {"true": 1.0, "false": 0.0, "nan": math.nan}.get(value)
    if wanted is None and re.fullmatch(r"-?[\d.]+", value):
        wanted = float(value)
    if value == "null" and sign in (":", "=", "!="):
        return (number, text) == (None, None)
    if sign in (":", "=", "!="):
        same = text is not None and (
            value.casefold() in text.casefold() if sign == ":" else value == text
        )
        return same or number == wanted is not None or (value == "nan" and text == "NaN")
    if wanted is None or math.isnan(wanted):
        return text is not None and _OPERATORS[sign](text, value)
    return number is not None and _OPERATORS[sign](number, wanted)


_CONFIG_TERMS = st.builds(
    _config_term,
    st.sampled_from(["optim.lr", "seed", "data.seed"]),
    st.sampled_from([":", "=", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(["0", "0.5", "1", "true", "false", "auto", "AUTO", "one", "nan", "null", "b"]),
)
_PLACES: dict[str, Callable[[Run], str | None]] = {
    "name": lambda run: run["name"],
    "project": lambda run: run["project"],
    "id": lambda run: run["id"],
    "note": lambda run: run["meta"]["notes"],
    "user": lambda run: run["meta"]["user"],
    "host": lambda run: run["meta"]["hostname"],
    "group": lambda run: run["meta"]["group"],
}


def _text_term(field: str, sign: str, value: str) -> _Term:
    def holds(run: Run) -> bool:
        found = _PLACES[field](run)
        if found is None:
            return sign == "!="
        if sign == ":":
            return value.casefold() in found.casefold()
        return (
            re.search(value, found) is not None
            if sign == "~"
            else (value == found) != (sign == "!=")
        )

    return f'{field}{sign}"{value}"', holds


_TEXT_TERMS = st.builds(
    _text_term,
    st.sampled_from(list(_PLACES)),
    st.sampled_from([":", "=", "!=", "~"]),
    st.sampled_from(
        ["resnet", "RES", "%", "_", "ärger", "eve", "gpu-03", "p", "q", "run-0", "", "^r.*t$"]
    ),
) | st.builds(
    lambda field, sign: (
        f"{field}{sign}null",
        lambda run: (_PLACES[field](run) is None) != (sign == "!="),
    ),
    st.sampled_from(list(_PLACES)),
    st.sampled_from([":", "=", "!="]),
)


def _tag_term(sign: str, value: str) -> _Term:
    def holds(run: Run) -> bool:
        tags = run["meta"]["tags"]
        if value == "null" and sign != "~":
            same = not tags
        elif sign == "~":
            same = any(re.search(value, tag) for tag in tags)
        else:
            same = value in tags
        return same != (sign == "!=")

    return f"tag{sign}{value}" if value == "null" else f'tag{sign}"{value}"', holds


_OTHER_TERMS = st.one_of(
    st.builds(
        _tag_term,
        st.sampled_from([":", "=", "!=", "~"]),
        st.sampled_from(["good", "Good", "Ünique tag", "null", "oo"]),
    ),
    st.builds(
        lambda sign, value: (
            f"status{sign}{value}",
            lambda run: (run["status"]["status"] == value.lower()) != (sign == "!="),
        ),
        st.sampled_from([":", "=", "!="]),
        st.sampled_from(["finished", "FAILED", "killed"]),
    ),
    st.builds(
        lambda word: (f'"{word}"', lambda run: word.casefold() in _searched(run)),
        st.sampled_from(["resnet", "RUN-0", "good", "ünique", "first", "%", "eve", "x", ""]),
    ),
)


def _searched(run: Run) -> str:
    meta = run["meta"]
    texts = [run["name"], run["id"], run["project"], meta["notes"] or "", *meta["tags"]]
    return "\n".join(texts).casefold()


def _duration(run: Run) -> float | None:
    status = run["status"]
    if status["started_at"] is None:
        return None
    lasted: float = status["ended_at"] - status["started_at"]
    return max(0.0, lasted)


def _span_term(text: str, field: str, sign: str, low: float, high: float) -> _Term:
    """Compare with the stretch from `low` up to, but not with, `high`."""

    def holds(run: Run) -> bool:
        found: float | None = {
            "started": run["status"]["started_at"],
            "ended": run["status"]["ended_at"],
            "created": run["meta"]["created_at"],
        }[field]
        if found is None:
            return sign == "!="
        return {
            "<": found < low, "<=": found < high, ">": found >= high, ">=": found >= low,
            "!=": not low <= found < high,
        }.get(sign, low <= found < high)  # fmt: skip

    return f"{field}{sign}{text}", holds


_SIGNS = st.sampled_from([":", "=", "!=", "<", "<=", ">", ">="])
_TIME_TERMS = st.builds(
    lambda span, field, sign: _span_term(span[0], field, sign, *span[1:]),
    st.sampled_from(
        [
            ("1970Z", 0.0, 31_536_000.0),
            ("1970-01-02Z", 86_400.0, 172_800.0),
            ("2023-11-14T22:13Z", 1_699_999_980.0, 1_700_000_040.0),
            ("2023-11-14T23:13:20Z", 1_700_003_600.0, 1_700_003_601.0),
        ]
    ),
    st.sampled_from(["started", "ended", "created"]),
    _SIGNS,
) | st.builds(
    lambda sign, length: (
        f"duration{sign}{length[0]}",
        lambda run: _duration_holds(_duration(run), sign, length[1]),
    ),
    _SIGNS,
    st.sampled_from([("0", 0.0), ("90s", 90.0), ("1m30s", 90.0), ("1h", 3600.0), ("2h", 7200.0)]),
)


def _duration_holds(found: float | None, sign: str, wanted: float) -> bool:
    compare: Callable[[float, float], bool] = _OPERATORS.get(sign, operator.eq)
    same = found is not None and compare(found, wanted)
    return same != (sign == "!=")


_TERMS = st.one_of(_METRIC_TERMS, _CONFIG_TERMS, _TEXT_TERMS, _OTHER_TERMS, _TIME_TERMS)
_FILTERS = st.recursive(
    _TERMS,
    lambda inner: st.one_of(
        st.builds(lambda part: (f"not ({part[0]})", lambda run: not part[1](run)), inner),
        st.builds(
            lambda one, two, joint: (
                f"({one[0]}){joint}({two[0]})",
                lambda run: (
                    one[1](run) or two[1](run) if joint == " or " else one[1](run) and two[1](run)
                ),
            ),
            inner,
            inner,
            st.sampled_from([" or ", " and ", " "]),
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150)
@given(asked=_FILTERS)
def test_a_filter_picks_what_a_plain_evaluation_picks(
    world: tuple[Store, list[Run]], asked: _Term
) -> None:
    store, runs = world
    text, holds = asked
    known = {key for run in runs for key, values in run["points"].items() if values}
    named = {key for key in _METRICS if re.search(rf"(^|[ (]){re.escape(key)}[@.:=!<>]", text)}
    paths = {
        path
        for path in ("optim.lr", "seed", "data.seed")
        if any(_leaf(run, path) is not None for run in runs)
    }
    asked_paths = {path for path in ("optim.lr", "seed", "data.seed") if f"cfg.{path}" in text}
    if not named <= known or not asked_paths <= paths:
        return  # what nobody has is told as an error, which test_filters.py holds
    page = store.experiments(ExperimentQuery(filter=text, per_page=100))
    assert {run.id for run in page.experiments} == {run["id"] for run in runs if holds(run)}

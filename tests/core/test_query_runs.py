"""The run list, held against a plain-Python model of it."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runicorn.errors import InvalidFilterError
from runicorn.events import encode
from runicorn.files import write_json
from runicorn.query.models import ExperimentPage, ExperimentQuery
from runicorn.store import Store

_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@pytest.fixture(scope="module")
def model() -> list[dict[str, Any]]:
    """60 runs with ties, gaps, NaN, infinities and mixed types."""
    rng = random.Random(5)
    return [
        {
            "id": f"run-{number:02}",
            "project": rng.choice(["p", "q"]),
            "name": rng.choice(["resnet", "ResNet_50%", "ablation/ÄRGER"]),
            "created_at": float(rng.randrange(20)),
            "status": rng.choice(["finished", "failed", "interrupted"]),
            "tags": rng.sample(["a", "b", "c"], rng.randrange(3)),
            "notes": rng.choice([None, "first", "100%_sure\\"]),
            "lr": rng.choice([None, 0.1, 0.01, 1, True, "auto", "cosine", [1, 2]]),
            "loss": rng.choice([None, "NaN", "Infinity", "-Infinity", 0.5, 0.25, -1.0]),
            "best": rng.choice([None, 0.5, 0.75, -2.0]),
            "is_deleted": rng.random() < 0.2,
        }
        for number in range(60)
    ]


@pytest.fixture(scope="module")
def listed(
    model: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    root = tmp_path_factory.mktemp("listed")
    for run in model:
        _write(root, run)
    with Store(root) as store:
        store.catch_up()
        yield store


def _write(root: Path, run: dict[str, Any]) -> None:
    folder = root / run["project"] / run["name"] / "runs" / run["id"]
    folder.mkdir(parents=True)
    meta = {key: run[key] for key in ("created_at", "tags", "notes")}
    write_json(folder / "meta.json", meta)
    write_json(folder / "status.json", {"status": run["status"]})
    if run["lr"] is not None:
        write_json(folder / "config.json", {"optim": {"lr": run["lr"]}})
    if run["best"] is not None:
        best = {"best_metric_name": "acc", "best_metric_value": run["best"]}
        write_json(folder / "summary.json", best)
    if run["is_deleted"]:
        write_json(folder / ".deleted", {"deleted_at": 1.0})
    if run["loss"] is not None:
        line = encode(1.0, "metrics", {"loss": run["loss"], "global_step": 1})
        (folder / "events.jsonl").write_bytes(line)


def _pages(store: Store, per_page: int = 7, **query: Any) -> list[ExperimentPage]:
    first = store.experiments(ExperimentQuery(per_page=per_page, **query))
    pages = [first]
    while pages[-1].has_next:
        page = pages[-1].page + 1
        pages.append(store.experiments(ExperimentQuery(per_page=per_page, page=page, **query)))
    return pages


def _ids(store: Store, **query: Any) -> list[str]:
    pages = _pages(store, **query)
    ids = [experiment.id for page in pages for experiment in page.experiments]
    assert {page.total for page in pages} == {len(ids)}
    assert [page.has_prev for page in pages] == [False] + [True] * (len(pages) - 1)
    assert len(set(ids)) == len(ids)
    return ids


def _config_key(value: Any) -> tuple[int, Any] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return (1, value)
    return (1, "[1,2]") if isinstance(value, list) else (0, float(value))


def _metric_key(value: Any) -> float | None:
    number = _NUMBERS.get(value, value)
    return None if number is None or math.isnan(number) else number


_KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "created_at": lambda run: run["created_at"],
    "updated_at": lambda run: max(run["created_at"], 1.0 if run["loss"] else 0.0),
    "status": lambda run: run["status"],
    "name": lambda run: run["name"],
    "best_metric_value": lambda run: run["best"],
    "loss": lambda run: _metric_key(run["loss"]),
    "cfg.optim.lr": lambda run: _config_key(run["lr"]),
}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("field", _KEYS)
def test_every_order_is_that_of_the_model_and_pages_cover_all_exactly_once(
    listed: Store, model: list[dict[str, Any]], field: str, descending: bool
) -> None:
    def compare(left: dict[str, Any], right: dict[str, Any]) -> int:
        first, second = _KEYS[field](left), _KEYS[field](right)
        if (first is None) != (second is None):
            return 1 if first is None else -1  # last in both directions
        one, other = (first, left["id"]), (second, right["id"])
        if first is None:
            one, other = (0, left["id"]), (0, right["id"])
        smaller = -1 if one < other else 1
        return -smaller if descending else smaller

    expected = sorted(model, key=functools.cmp_to_key(compare))
    found = _ids(listed, order_by=field, order_desc=descending, include_deleted=True)
    assert found == [run["id"] for run in expected]


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ({}, lambda run: not run["is_deleted"]),
        ({"include_deleted": True}, lambda _run: True),
        ({"project": "p"}, lambda run: run["project"] == "p" and not run["is_deleted"]),
        ({"project": "' OR 1=1 --"}, lambda _run: False),
        ({"name": "resnet", "include_deleted": True}, lambda run: run["name"] == "resnet"),
        (
            {"status": ["failed", "lost"], "include_deleted": True},
            lambda run: run["status"] == "failed",
        ),
        ({"tags": ["a", "b"], "include_deleted": True}, lambda run: {"a", "b"} <= {*run["tags"]}),
        (
            {"created_after": 5.0, "created_before": 9.0, "include_deleted": True},
            lambda run: 5 <= run["created_at"] <= 9,
        ),
        (
            {"best_metric_min": 0.5, "best_metric_max": 0.6, "include_deleted": True},
            lambda run: run["best"] == 0.5,
        ),
        (
            {"best_metric_max": math.inf, "include_deleted": True},
            lambda run: run["best"] is not None,
        ),
    ],
)
def test_filters_are_those_of_the_model(
    listed: Store, model: list[dict[str, Any]], query: dict[str, Any], matches: Callable[..., bool]
) -> None:
    assert set(_ids(listed, **query)) == {run["id"] for run in model if matches(run)}


@pytest.mark.parametrize(
    "text", ["res", "RESNET", "%", "_", "50%", "\\", "ärger", "100%_SURE\\", "run-0", "/", "'", "é"]
)
def test_a_search_is_a_literal_part_in_any_case(
    listed: Store, model: list[dict[str, Any]], text: str
) -> None:
    def matches(run: dict[str, Any]) -> bool:
        searched = (run["id"], run["project"], run["name"], run["notes"] or "")
        return any(text.casefold() in each.casefold() for each in searched)

    found = _ids(listed, search=text, include_deleted=True)
    assert set(found) == {run["id"] for run in model if matches(run)}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"order_by": "password"}, "order_by"),
        ({"order_by": "id; DROP TABLE experiments"}, "order_by"),
        ({"order_by": ""}, "order_by"),
        ({"order_by": "cfg."}, "order_by"),
        ({"order_by": "cfg.unknown"}, "order_by"),
        ({"order_by": "a//b"}, "order_by"),
        ({"columns": ["loss", "\n"]}, "columns"),
        ({"columns": ["cfg."]}, "columns"),
        ({"search": "x" * 1001}, "search"),
        ({"created_after": math.nan}, "created_after"),
        ({"best_metric_max": math.nan}, "best_metric_max"),
    ],
)
def test_a_part_that_can_not_be_understood_is_named(
    listed: Store, query: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidFilterError) as caught:
        listed.experiments(ExperimentQuery(**query))
    assert caught.value.field == field


def test_a_page_far_behind_the_last_is_empty(listed: Store) -> None:
    page = listed.experiments(ExperimentQuery(page=10**30))
    assert (page.experiments, page.has_next, page.has_prev) == ([], False, True)
    assert page.total > 0


def test_columns_show_config_values_as_they_were_and_last_values(
    listed: Store, model: list[dict[str, Any]]
) -> None:
    query = ExperimentQuery(
        columns=["cfg.optim.lr", "cfg.no", "loss", "no"], include_deleted=True, per_page=1000
    )
    shown = {each.id: each for each in listed.experiments(query).experiments}
    for run in model:
        assert shown[run["id"]].config == {"optim.lr": run["lr"], "no": None}
        assert shown[run["id"]].summary == {"loss": run["loss"], "no": None}


def test_nothing_is_shown_of_columns_that_were_not_asked_for(listed: Store) -> None:
    experiment = listed.experiments(ExperimentQuery()).experiments[0]
    assert (experiment.config, experiment.summary) == ({}, {})


def test_an_empty_root_has_an_empty_page(store: Store) -> None:
    page = store.experiments(ExperimentQuery())
    assert (page.experiments, page.total, page.has_next, page.has_prev) == ([], 0, False, False)


def test_a_run_is_shown_whole(store: Store, new_run: Callable[..., Any]) -> None:
    run = new_run(tags=["x"], hostname="host", summary={"best_metric_name": "loss"})
    run.log({"loss": 1.0, "acc": 2.0}, step=4)
    run.log({"loss": 1.0}, step=-1)
    run.write("environment", {})
    offset = run.raw(b"?\n")
    store.catch_up()
    detail = store.experiment(run.id)
    assert detail.metrics_summary.model_dump() == {
        "total_data_points": 3,
        "available_metrics": ["acc", "loss"],
        "step_range": {"min": -1, "max": 4},
    }
    assert detail.environment_available
    assert detail.file_count == 5
    assert [(each.file, each.offset) for each in detail.problems] == [("events.jsonl", offset)]
    experiment = detail.experiment
    assert (experiment.n_problems, experiment.duration_s, experiment.tags) == (1, 60.0, ["x"])
    assert (experiment.hostname, experiment.run_dir) == ("host", str(run.path))


def test_damaged_lines_beyond_those_listed_are_told_by_their_number(
    store: Store, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.journal.append(b"?\n" * 1005)
    store.catch_up()
    problems = store.experiment(run.id).problems
    assert len(problems) == 1001
    assert problems[-1].message == "1005 lines are damaged; the first 1000 are listed"

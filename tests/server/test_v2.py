"""V2 from the index."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from runicorn_server import Settings, create_app

import runicorn as rn


def test_lists_filter_sort_and_page_with_correct_totals(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    for number in range(25):
        write_run(
            f"run-{number:02}",
            "vision" if number % 5 else "text",
            lines=[{"acc": number / 100, "global_step": 1}],
            config={"lr": 10.0 ** -(number % 3)},
            age_s=number,
            meta={"tags": ["even"] if number % 2 == 0 else []},
        )
    client = serve().client

    def ask(**query: Any) -> Any:
        answer = client.get("/api/v2/experiments", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    first, last = ask(project="vision", per_page=15), ask(project="vision", per_page=15, page=2)
    assert (first["total"], len(first["experiments"]), first["has_next"]) == (20, 15, True)
    assert (last["total"], len(last["experiments"]), last["has_prev"]) == (20, 5, True)
    listed = [run["id"] for run in first["experiments"] + last["experiments"]]
    assert listed == [f"run-{number:02}" for number in range(25) if number % 5]
    assert ask(tags="even")["total"] == 13
    assert ask(status="failed,killed")["total"] == 0
    by_metric = ask(order_by="acc", per_page=3, columns="cfg.lr,acc")["experiments"]
    assert [run["summary"]["acc"] for run in by_metric] == [0.24, 0.23, 0.22]
    assert by_metric[0]["config"] == {"lr": 1.0}
    by_config = ask(order_by="cfg.lr", order_desc=False, per_page=1, columns="cfg.lr")
    assert by_config["experiments"][0]["config"]["lr"] == 0.01


def test_a_filter_picks_runs_and_a_wrong_one_is_told_with_its_place(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    for number in range(4):
        lines = [{"acc": acc, "global_step": 1} for acc in (number / 10, 0.0)]
        write_run(f"run-{number}", "vision", lines=lines, config={"optim": {"lr": number}})
    client = serve().client

    def ask(**query: Any) -> Any:
        return client.get("/api/v2/experiments", params={"project": "vision", **query})

    columns = "acc@max,acc,cfg.optim.lr"
    page = ask(filter="lr>=1 and acc.max<0.25", order_by="acc@max", columns=columns).json()
    assert [run["id"] for run in page["experiments"]] == ["run-2", "run-1"]
    assert page["experiments"][0]["summary"] == {"acc@max": 0.2, "acc": 0.0}
    wrong = ask(filter="acc>0 lrr<1")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_filter")
    assert wrong.json()["position"] == 6
    assert "Did you mean cfg.optim.lr?" in wrong.json()["detail"]
    assert ask(filter="acc >").json()["position"] == 5
    assert ask(order_by="nope").json()["position"] is None
    assert ask(filter="x" * 2001).status_code == 422


@pytest.mark.parametrize(
    ("query", "word"),
    [("per_page=0", "per_page"), ("page=x", "page"), ("status=dead", "status"),
     ("order_by=cfg.", "order_by"), ("per_page=1001", "per_page")],
)  # fmt: skip
def test_bad_questions_name_the_field(serve: Callable[..., Any], query: str, word: str) -> None:
    answer = serve().client.get(f"/api/v2/experiments?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert word in problem["detail"]
    assert problem["status"] == 422
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_what_the_sdk_logged_is_in_every_answer(
    serve: Callable[..., Any], root: Path, eventually: Callable[..., Any]
) -> None:
    with rn.init("vision", "sdk", config={"lr": 0.1}, storage=root) as run:
        rn.set_primary_metric("acc")
        for step in range(1, 101):
            rn.log({"acc": step / 100, "loss": math.nan if step == 50 else 1 / step}, step=step)
    client = serve().client
    detail = eventually(lambda: _found(client, run.id))
    assert detail["experiment"]["best_metric_value"] == 1.0
    assert detail["experiment"]["config"] == {"lr": 0.1}
    assert detail["experiment"]["summary"] == {"acc": 1.0, "loss": 0.01}
    assert detail["outputs"]["best_metric_step"] == 100
    assert detail["metrics_summary"] == {
        "total_data_points": 200,
        "available_metrics": ["acc", "loss"],
        "step_range": {"min": 1, "max": 100},
    }
    table = client.get(
        f"/api/v2/experiments/{run.id}/metrics/fast?metric_names=loss&step_range=49:51"
    ).json()
    assert table["columns"] == ["global_step", "loss"]
    assert [row["loss"] for row in table["rows"]] == [1 / 49, None, 1 / 51]
    body = {"runs": [run.id], "metrics": ["loss", "nothing"], "px": 10}
    loss, nothing = client.post("/api/v2/series", json=body).json()["series"]
    assert (loss["form"], loss["n"], nothing["form"]) == ("bucket", 100, "missing")
    assert (loss["max"][0], loss["first"][0], loss["x"][-1]) == (1.0, 1.0, 100)
    assert [kind for _, kind, _ in loss["nonfinite"]] == ["nan"]
    boot = client.get("/api/v2/boot").json()
    assert [(p["project"], p["n_runs"]) for p in boot["projects"]] == [("vision", 1)]
    fields = client.get("/api/v2/projects/vision/fields").json()
    assert [field["key"] for field in fields["metrics"]] == ["acc", "loss"]
    none = client.get("/api/v2/projects/vision/fields", params={"run": "nobody"}).json()
    assert none["metrics"] == []


def _found(client: Any, run_id: str) -> Any:
    answer = client.get(f"/api/v2/experiments/{run_id}")
    return answer.json() if answer.status_code == 200 else None


@pytest.mark.parametrize(
    "body",
    [{}, {"runs": [], "metrics": ["a"]}, {"runs": ["a"], "metrics": ["a"], "px": 0},
     {"runs": ["a"], "metrics": ["a"], "px": 10**9}, {"runs": ["a"], "metrics": ["a"], "no": 1},
     {"runs": ["a"], "metrics": ["a"], "x": {"kind": "epoch"}},
     {"runs": ["a"] * 65, "metrics": ["a"]}],
)  # fmt: skip
def test_bad_series_requests_are_problems(serve: Callable[..., Any], body: dict[str, Any]) -> None:
    answer = serve().client.post("/api/v2/series", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_an_unknown_run_is_a_problem_that_names_it(serve: Callable[..., Any]) -> None:
    client = serve().client
    series = {"runs": ["nobody"], "metrics": ["a"]}
    for answer in (
        client.get("/api/v2/experiments/nobody"),
        client.get("/api/v2/experiments/nobody/metrics/fast"),
        client.post("/api/v2/series", json=series),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "nobody" in answer.json()["detail"]


@pytest.mark.promise(4)
def test_a_damaged_line_is_counted_and_shown_with_its_offset(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    folder = write_run("run", lines=[{"a": 1.0, "global_step": 1}])
    offset = (folder / "events.jsonl").stat().st_size
    with (folder / "events.jsonl").open("ab") as journal:
        journal.write(b'garbage\n{"ts":1,"type":"metrics","data":{"a":2.0,"global_step":2}}\n')
    detail = serve().client.get("/api/v2/experiments/run").json()
    assert detail["experiment"]["n_problems"] == 1
    (problem,) = detail["problems"]
    assert (problem["file"], problem["offset"]) == ("events.jsonl", offset)
    assert detail["metrics_summary"]["total_data_points"] == 2


def test_an_answer_that_did_not_change_is_not_sent_again(
    serve: Callable[..., Any], write_run: Callable[..., Path], eventually: Callable[..., Any]
) -> None:
    folder = write_run("run", lines=[{"a": 1.0, "global_step": 1}])
    client = serve().client
    for path in ("/api/v2/experiments", "/api/v2/boot", "/api/runs", "/api/openapi.json"):
        tag = client.get(path).headers["etag"]
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b""), path
    tag = client.get("/api/v2/experiments/run").headers["etag"]
    with (folder / "events.jsonl").open("ab") as journal:
        journal.write(b'{"ts":1.0,"type":"metrics","data":{"a":2.0,"global_step":2}}\n')

    def changed() -> Any:
        answer = client.get("/api/v2/experiments/run", headers={"If-None-Match": tag})
        return answer.json() if answer.status_code == 200 else None

    assert eventually(changed)["metrics_summary"]["total_data_points"] == 2


def test_an_index_that_another_process_holds_is_a_503_with_a_hint_and_heals(
    serve: Callable[..., Any], root: Path, write_run: Callable[..., Path]
) -> None:
    write_run("run")
    (root / "runicorn.db").mkdir()  # nothing can be opened or renamed into a folder
    (root / "runicorn.db" / "in-the-way").touch()
    server = serve()
    answer = server.client.get("/api/v2/experiments")
    assert (answer.status_code, answer.json()["code"]) == (503, "index_unavailable")
    assert answer.json()["hint"]
    assert server.client.get("/api/runs").json()[0]["id"] == "run"


def test_users_may_ask_the_index_in_sql(
    serve: Callable[..., Any], root: Path, write_run: Callable[..., Path]
) -> None:
    write_run("run", lines=[{"a": s / 2, "global_step": s, "stage": "t"} for s in range(3)])
    serve().client.get("/api/v2/boot")
    database = sqlite3.connect(root / "runicorn.db")
    rows = database.execute(
        "SELECT step, metric_value, stage FROM metrics WHERE experiment_id = 'run' ORDER BY step"
    ).fetchall()
    names = database.execute("SELECT project, name, status FROM experiments").fetchall()
    database.close()
    assert rows == [(0, 0.0, "t"), (1, 0.5, "t"), (2, 1.0, "t")]
    assert names == [("vision", "base", "finished")]


def test_without_its_lifespan_the_application_answers_what_the_index_holds(
    root: Path, write_run: Callable[..., Path]
) -> None:
    write_run("run", lines=[{"a": 1.0, "global_step": 1}])

    async def ask() -> list[Any]:
        transport = httpx.ASGITransport(create_app(Settings(root=root)))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            paths = ("/api/runs", "/api/v2/experiments", "/", "/api/v2/boot")
            return [await client.get(path) for path in paths]

    with rn.open(root) as store:
        store.catch_up()
    answers = asyncio.run(ask())
    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].json()[0]["id"] == answers[1].json()["experiments"][0]["id"] == "run"

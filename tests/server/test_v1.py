"""V1 against golden files, from the files alone."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runicorn.index import database, place

GOLDEN = Path(__file__).parent / "golden"
ROUTES = {
    "health": "/api/health",
    "runs": "/api/runs",
    "run": "/api/runs/run-a",
    "metrics": "/api/runs/run-a/metrics",
    "metrics_step": "/api/runs/run-a/metrics_step",
    "metrics_empty": "/api/runs/run-b/metrics",
    "progress": "/api/runs/run-a/progress",
    "progress_empty": "/api/runs/run-b/progress",
    "projects": "/api/projects",
    "names": "/api/projects/vision/names",
    "runs_of_name": "/api/projects/vision/names/deep%2Fname/runs",
    "unknown_run": "/api/runs/nobody",
    "unknown_path": "/api/nothing",
}


@pytest.fixture
def a_root(write_run: Callable[..., Path]) -> None:
    write_run(
        "run-a",
        lines=[
            {"loss": 0.5, "global_step": 1, "stage": "train"},
            {"loss": "NaN", "acc": 0.25, "global_step": 2},
            {"acc": 0.5, "global_step": 2, "stage": "val"},
            {"loss": 0.25, "flag": True, "global_step": 5},
        ],
        summary={"best_metric_name": "acc", "best_metric_value": 0.5, "best_metric_step": 2},
    )
    write_run("run-b", name="deep/name", age_s=100, status={"status": "failed", "exit_reason": "e"})
    write_run("run-c", "text", age_s=50, meta={"created_at": "damaged"}, lines=[])
    deleted = write_run("run-d", age_s=10)
    (deleted / ".deleted").write_text("{}", encoding="utf-8")


def normalised(answer: Any, root: Path) -> Any:
    """Replace what differs from machine to machine."""
    text = json.dumps(answer, sort_keys=True, indent=1).replace(str(root), "<root>")
    document = json.loads(text)
    if isinstance(document, dict) and "version" in document:
        document["version"] = "<version>"
    for run in document if isinstance(document, list) else []:
        if run["id"] == "run-c":
            run["created_time"] = "<modified>"
    return document


@pytest.mark.promise(10)
@pytest.mark.usefixtures("a_root")
@pytest.mark.parametrize("state", ["no index", "broken index", "locked index"])
def test_every_answer_is_the_golden_one_whatever_the_index_is(
    serve: Callable[..., Any], root: Path, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (database, place):
        monkeypatch.setattr(
            module, "BUSY_S", 0.5
        )  # so that the server need not wait for it at its end
    index = root / "runicorn.db"
    locked = None
    if state == "broken index":
        index.write_bytes(b"this is no database" * 1000)
    if state == "locked index":
        locked = sqlite3.connect(index, isolation_level=None)
        locked.execute("BEGIN EXCLUSIVE")
    server = serve()
    if state == "no index":
        for file in root.glob("runicorn.db*"):
            file.unlink()
    try:
        answers = {
            name: {"status": answer.status_code, "body": normalised(answer.json(), root)}
            for name, path in ROUTES.items()
            for answer in [server.client.get(path)]
        }
    finally:
        if locked is not None:
            locked.close()
    if os.environ.get("WRITE_GOLDEN"):
        for name, answer in answers.items():
            text = json.dumps(answer, indent=1, sort_keys=True) + "\n"
            (GOLDEN / f"{name}.json").write_text(text, encoding="utf-8")
    golden = {
        name: json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8")) for name in ROUTES
    }
    assert answers == golden


def test_a_metrics_answer_is_kept_and_dropped_at_once_when_the_journal_grows(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    folder = write_run("run", lines=[{"a": 1.0, "global_step": 1}])
    client = serve().client

    def rows() -> int:
        return len(client.get("/api/runs/run/metrics_step").json()["rows"])

    def counts() -> tuple[int, int]:
        cache = client.get("/api/health").json()["cache"]
        return cache["hits"], cache["misses"]

    assert [rows(), rows(), counts()] == [1, 1, (1, 1)]
    with (folder / "events.jsonl").open("ab") as journal:
        journal.write(b'{"ts":1.0,"type":"metrics","data":{"a":2.0,"global_step":2}}\n')
    assert [rows(), counts()] == [2, (1, 2)]


def test_a_resumed_run_shows_its_current_path(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    folder = write_run("run", lines=[{"a": float(s), "global_step": s} for s in range(1, 6)])
    with (folder / "events.jsonl").open("ab") as journal:
        journal.write(b'{"ts":9.0,"type":"attempt","data":{"attempt":2,"resumed_at_step":3}}\n')
        journal.write(b'{"ts":9.1,"type":"metrics","data":{"a":30.0,"global_step":3}}\n')
    rows = serve().client.get("/api/runs/run/metrics_step").json()["rows"]
    assert [(row["global_step"], row["a"]) for row in rows] == [(1, 1.0), (2, 2.0), (3, 30.0)]


@pytest.mark.promise(4)
def test_damaged_lines_and_documents_are_passed_over(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    write_run("good", lines=[{"a": 1.0, "global_step": 1}])
    bad = write_run("bad", lines=[{"a": 1.0, "global_step": 1}], age_s=1)
    (bad / "meta.json").write_bytes(b"{broken")
    with (bad / "events.jsonl").open("ab") as journal:
        journal.write(b'garbage\n[1]\n{"ts":2,"type":"metrics","data":{"a":2,"global_step":2}}\n')
        journal.write(b'{"torn')
    client = serve().client
    assert {run["id"] for run in client.get("/api/runs").json()} == {"good", "bad"}
    rows = client.get("/api/runs/bad/metrics_step").json()["rows"]
    assert [row["a"] for row in rows] == [1.0, 2.0]


@pytest.mark.promise(4)
def test_halves_of_characters_are_escaped_or_passed_over(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    run = write_run("run")
    (run / "events.jsonl").write_bytes(
        b'{"ts":1,"type":"metrics","data":{"a":1,"\\ud800":2,"global_step":0,"stage":"\\ud800"}}\n'
    )
    reason = '{"status": "failed", "exit_reason": "\\ud800"}'
    (run / "status.json").write_text(reason, encoding="utf-8")
    client = serve().client
    (listed,) = client.get("/api/runs").json()
    assert (listed["id"], client.get("/api/runs/run").json()["exit_reason"]) == ("run", "\\ud800")
    (row,) = client.get("/api/runs/run/metrics_step").json()["rows"]
    assert (row["a"], row["stage"]) == (1.0, "\\ud800")
    assert client.get("/api/runs/run/metrics").json()["columns"] == ["time", "a"]
    assert client.get("/api/runs/run/progress").json()["metrics"] == {"a": 1.0}


@pytest.mark.promise(10)
def test_a_run_of_the_flat_layout_lists_and_answers(serve: Callable[..., Any], root: Path) -> None:
    folder = root / "runs" / "20250101_000000_abcdef"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text(
        '{"ts": 1.5, "type": "metrics", "data": {"step": 1, "loss": NaN, "acc": 0.5}}\n',
        encoding="utf-8",
    )
    client = serve().client
    (run,) = client.get("/api/runs").json()
    assert (run["id"], run["project"], run["name"]) == (folder.name, None, None)
    assert client.get("/api/projects").json() == {"projects": []}
    assert client.get(f"/api/runs/{folder.name}").json()["project"] is None
    (row,) = client.get(f"/api/runs/{folder.name}/metrics_step").json()["rows"]
    assert (row["global_step"], row["loss"], row["acc"]) == (1, None, 0.5)


def test_old_clients_are_told_four_states(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    running = {"status": "running", "ended_at": None, "started_at": 1.0, "heartbeat_at": 1.0}
    write_run("killed", meta={"hostname": socket.gethostname(), "pid": 2**22 + 1}, status=running)
    write_run("lost", meta={"hostname": "far away"}, status=running, age_s=1)
    runs = serve().client.get("/api/runs").json()
    assert [(run["id"], run["status"]) for run in runs] == [
        ("killed", "failed"),
        ("lost", "interrupted"),
    ]
    assert "is gone" in runs[0]["exit_reason"]
    assert "far away" in runs[1]["exit_reason"]


def test_a_run_in_the_recycle_bin_is_not_found_as_in_0_4(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    folder = write_run("run")
    client = serve().client
    (folder / ".deleted").write_text("{}", encoding="utf-8")
    for path in ("", "/metrics", "/metrics_step", "/progress"):
        assert client.get(f"/api/runs/run{path}").status_code == 404
    (folder / ".deleted").unlink()
    assert client.get("/api/runs/run").status_code == 200


def test_a_metric_table_that_did_not_change_is_not_sent_again(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    folder = write_run("run", lines=[{"a": 1.0, "global_step": 1}])
    client = serve().client
    for path in ("metrics", "metrics_step", "progress"):
        tag = client.get(f"/api/runs/run/{path}").headers["etag"]
        again = client.get(f"/api/runs/run/{path}", headers={"If-None-Match": f'"x", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
    with (folder / "events.jsonl").open("ab") as journal:
        journal.write(b'{"ts":1.0,"type":"metrics","data":{"a":2.0,"global_step":2}}\n')
    changed = client.get("/api/runs/run/progress", headers={"If-None-Match": tag})
    assert changed.json() == {"available": True, "step": 2, "metrics": {"a": 2.0}}


def test_big_answers_are_compressed_and_small_ones_are_not(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    write_run("small", lines=[{"a": 1.0, "global_step": 1}])
    write_run("big", lines=[{"a": 1.0, "global_step": step} for step in range(500)], age_s=1)
    client = serve().client
    big = client.get("/api/runs/big/metrics", headers={"Accept-Encoding": "gzip"})
    assert big.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in big.headers["vary"]
    assert len(big.json()["rows"]) == 500
    small = client.get("/api/runs/small/metrics", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers
    headers = {"Accept-Encoding": "gzip", "If-None-Match": big.headers["etag"]}
    assert client.get("/api/runs/big/metrics", headers=headers).status_code == 304


@pytest.mark.promise(4)
@pytest.mark.promise(10)
def test_folders_named_in_no_utf_8_are_listed_and_answer(
    serve: Callable[..., Any], root: Path, write_run: Callable[..., Path]
) -> None:
    bad = write_run("run", "project", "name", lines=[{"a": 1.0, "global_step": 1}])
    for path, name in ((bad, b"\xff"), (bad.parent.parent, b"\xfe"), (root / "project", b"\xfd")):
        path.rename(path.with_name(os.fsdecode(name)))
    half = write_run("half", age_s=1)
    half.rename(half.with_name("b\udcff"))
    write_run("good", age_s=2)
    client = serve().client
    shown = {
        "id": r"\udcff",
        "project": r"\udcfd",
        "name": r"\udcfe",
        "run_dir": rf"{root}/\udcfd/\udcfe/runs/\udcff",
    }
    runs = client.get("/api/runs").json()
    assert {key: runs[0][key] for key in shown} == shown
    assert [run["id"] for run in runs[1:]] == [r"b\udcff", "good"]
    detail = client.get("/api/runs/%5Cudcff").json()
    assert {key: detail[key] for key in shown} == shown
    assert detail["logs"] == rf"{shown['run_dir']}/logs.txt"
    assert client.get("/api/runs/%5Cudcff/metrics_step").json()["rows"][0]["a"] == 1.0
    assert client.get("/api/projects").json()["projects"] == [r"\udcfd", "vision"]
    assert client.get("/api/projects/%5Cudcfd/names").json()["names"] == [r"\udcfe"]
    (listed,) = client.get("/api/projects/%5Cudcfd/names/%5Cudcfe/runs").json()
    assert listed == runs[0]
    listed = client.get("/api/v2/experiments").json()["experiments"]
    assert [run["id"] for run in listed] == [run["id"] for run in runs]
    assert (
        client.get("/api/v2/experiments/%5Cudcff").json()["experiment"]["run_dir"]
        == (shown["run_dir"])
    )
    assert client.get(r"/api/runs/..%5C..").status_code == 404

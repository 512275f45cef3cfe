"""The index follows the files while the server runs, and listeners hear of it."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from runicorn_server import refresh
from runicorn_server.refresh import Refresher
from runicorn_server.tail import LogTails
from websockets.sync.client import ClientConnection, connect

import runicorn as rn
from runicorn.index import database
from runicorn.query.models import CatchUpReport
from runicorn.store import Store


@contextmanager
def listen(server: Any, *topics: dict[str, Any]) -> Iterator[ClientConnection]:
    address = server.socket_address("/api/v2/live")
    with connect(address, proxy=None, close_timeout=2) as socket:
        socket.send(json.dumps({"sub": topics}))
        yield socket


def notice_of(socket: ClientConnection, run_id: str) -> dict[str, Any]:
    while True:
        notice: dict[str, Any] = json.loads(socket.recv(timeout=20))
        if run_id in notice.get("changed", []) or notice.get("run") == run_id:
            return notice


def test_what_was_logged_before_a_request_is_in_its_answer(
    serve: Callable[..., Any], root: Path
) -> None:
    client = serve().client
    client.get("/api/v2/boot")
    run = rn.init("vision", "now", storage=root)
    for step in range(20):
        rn.log({"a": float(step)}, step=step)
        table = client.get(f"/api/v2/experiments/{run.id}/metrics/fast").json()
        assert table["rows"][-1] == {"global_step": step, "a": float(step)}
        body = {"runs": [run.id], "metrics": ["a"]}
        (series,) = client.post("/api/v2/series", json=body).json()["series"]
        assert series["x"][-1] == step


def test_what_was_recorded_before_a_request_is_in_the_lists(
    serve: Callable[..., Any], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "SETTLE_S", 10.0)  # how long it takes is measured elsewhere
    client = serve().client
    assert client.get("/api/v2/experiments").json()["total"] == 0
    for number in range(15):
        project = f"project-{number % 5}"
        run = rn.init(project, f"name-{number}", storage=root, plugins=[])
        (listed, *_) = client.get("/api/v2/experiments").json()["experiments"]
        assert (listed["id"], listed["status"]) == (run.id, "running")
        for step in range(3):
            rn.log({"a": float(step)}, step=step)
            question = {"columns": "a", "project": project}
            (listed, *_) = client.get("/api/v2/experiments", params=question).json()["experiments"]
            assert (listed["id"], listed["summary"]["a"]) == (run.id, float(step))
        fields = client.get(f"/api/v2/projects/{project}/fields").json()
        assert fields["metrics"] == [{"key": "a", "n_runs": number // 5 + 1}]
        rn.finish()
        (listed, *_) = client.get("/api/v2/experiments").json()["experiments"]
        assert (listed["id"], listed["status"]) == (run.id, "finished")
        projects = client.get("/api/v2/boot").json()["projects"]
        assert sum(each["n_runs"] for each in projects) == number + 1


def test_a_listener_hears_of_points_that_another_process_indexed_first(
    serve: Callable[..., Any], root: Path, write_run: Callable[..., Path]
) -> None:
    folder = write_run("run", lines=[{"a": 1.0, "global_step": 1}])
    server = serve()
    server.client.get("/api/v2/boot")
    index_it = (
        "import sys; from runicorn.store import open; from pathlib import Path\n"
        "with Path(sys.argv[2]).open('ab') as journal:\n"
        " journal.write(sys.argv[3].encode())\n"
        "with open(sys.argv[1]) as store: store.catch_up()\n"
    )
    with listen(server, {"t": "series", "runs": ["run"]}) as socket:
        for step in range(2, 5):
            line = f'{{"ts":1.0,"type":"metrics","data":{{"a":2.0,"global_step":{step}}}}}\n'
            words = [str(root), str(folder / "events.jsonl"), line]
            subprocess.run([sys.executable, "-c", index_it, *words], check=True, timeout=60)
            while notice_of(socket, "run")["x"] != step:
                pass


def test_notices_name_the_project_and_count_only_what_was_added_there(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    server = serve()
    server.client.get("/api/v2/boot")
    with listen(server, {"t": "runs", "project": "vision"}) as socket:
        write_run("other", "text")
        write_run("ours", "vision")
        notice = notice_of(socket, "ours")
    assert (notice["changed"], notice["added"]) == (["ours"], 1)


def test_a_root_that_is_made_removed_and_made_again_is_followed(
    serve: Callable[..., Any],
    root: Path,
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
) -> None:
    assert not root.exists()
    client = serve().client

    def listed() -> list[str]:
        answer = client.get("/api/v2/experiments")
        return sorted(run["id"] for run in answer.json().get("experiments", []))

    assert listed() == []
    write_run("first")
    assert eventually(lambda: listed() == ["first"])
    shutil.rmtree(root)
    write_run("second")
    assert eventually(lambda: listed() == ["second"])
    write_run("third")
    assert eventually(lambda: listed() == ["second", "third"])


def test_a_run_that_moves_to_another_project_and_one_that_goes_are_noticed(
    serve: Callable[..., Any],
    root: Path,
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
) -> None:
    write_run("stays", "a", "n")
    goes = write_run("goes", "a", "n", age_s=1)
    client = serve().client
    assert client.get("/api/v2/experiments").json()["total"] == 2
    shutil.rmtree(goes)
    assert eventually(lambda: client.get("/api/v2/experiments").json()["total"] == 1)
    (root / "a").rename(root / "b")

    def folders() -> list[str]:
        runs = client.get("/api/v2/experiments").json()["experiments"]
        return [run["run_dir"] for run in runs]

    assert eventually(lambda: folders() == [str(root / "b" / "n" / "runs" / "stays")])


def test_a_root_that_was_moved_away_is_not_made_again_and_is_followed_when_it_is_back(
    serve: Callable[..., Any],
    root: Path,
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
) -> None:
    write_run("run")
    client = serve().client
    assert client.get("/api/v2/experiments").json()["total"] == 1
    aside = root.rename(root.with_name("aside"))
    for _ in range(3):
        answer = client.get("/api/v2/experiments")
        assert (answer.status_code, answer.json()["code"]) == (503, "index_unavailable")
        assert client.get("/api/runs").json() == []
    assert not root.exists()
    aside.rename(root)
    assert eventually(lambda: client.get("/api/v2/experiments").status_code == 200)
    write_run("another")
    assert eventually(lambda: client.get("/api/v2/experiments").json()["total"] == 2)


def test_what_nobody_expected_does_not_end_the_work_in_the_background(
    root: Path, write_run: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        published: asyncio.Queue[str] = asyncio.Queue()

        def publish(report: CatchUpReport) -> None:
            for run_id in report.added:
                published.put_nowait(run_id)
            if "run-0" in report.added:
                raise ValueError("nobody expected this")

        with Store(root) as store:
            refresher = Refresher(store, publish, LogTails())
            refresher.start()
            async with asyncio.timeout(20):
                for run_id in ("run-0", "run-1"):
                    await asyncio.to_thread(write_run, run_id)
                    assert await published.get() == run_id
            await refresher.stop()

    root.mkdir()
    asyncio.run(work())
    assert "something went wrong in the background" in caplog.text


def test_work_in_the_background_leaves_nothing_behind_however_soon_it_is_stopped(
    root: Path, write_run: Callable[..., Path]
) -> None:
    for number in range(50):
        write_run(f"run-{number}", "vision", f"name-{number}")

    async def work() -> None:
        with Store(root) as store:
            for turn in range(20):
                refresher = Refresher(store, lambda _report: None, LogTails())
                refresher.start()
                for _ in range(turn):
                    await asyncio.sleep(0)
                await refresher.stop()
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(work())
    n_open, n_threads = psutil.Process().num_fds(), threading.active_count()
    asyncio.run(work())
    assert (psutil.Process().num_fds(), threading.active_count()) == (n_open, n_threads)


@pytest.mark.promise(9)
def test_a_killed_run_is_noticed_though_no_file_changes(
    serve: Callable[..., Any],
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "LOOK_S", 0.2)
    monkeypatch.setattr(refresh, "LOOKS_A_SWEEP", 10**9)
    code = (
        "import sys, runicorn as rn\n"
        "run = rn.init('vision', 'doomed', storage=sys.argv[1])\n"
        "print(run.id, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(root)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    run_id = child.stdout.readline().strip()
    server = serve()
    client = server.client
    experiment = client.get(f"/api/v2/experiments/{run_id}").json()["experiment"]
    assert experiment["status"] == "running"
    with listen(server, {"t": "runs"}) as socket:
        child.kill()
        child.communicate()
        notice_of(socket, run_id)
        experiment = client.get(f"/api/v2/experiments/{run_id}").json()["experiment"]
    assert experiment["status"] == "killed"
    assert "is gone" in experiment["exit_reason"]
    old = client.get(f"/api/runs/{run_id}").json()
    assert (old["status"], old["exit_reason"]) == ("failed", experiment["exit_reason"])


def test_a_locked_index_is_told_once_and_caught_up_when_it_is_free(
    serve: Callable[..., Any],
    root: Path,
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "RETRY_S", 0.1)
    monkeypatch.setattr(refresh, "MAX_RETRY_S", 0.2)
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    caplog.set_level(logging.INFO, "runicorn.server")
    write_run("first")
    server = serve()
    assert server.client.get("/api/v2/experiments").json()["total"] == 1
    locker = sqlite3.connect(root / "runicorn.db", isolation_level=None)
    try:
        locker.execute("BEGIN EXCLUSIVE")
        write_run("second")
        refresher = server.app.state.refresher
        eventually(lambda: refresher._is_failing)
        assert len(server.client.get("/api/runs").json()) == 2
        for _ in range(2):  # further tries, which are silent
            eventually(lambda: refresher._is_in_round)
            eventually(lambda: not refresher._is_in_round)
    finally:
        locker.execute("ROLLBACK")
        locker.close()
    assert eventually(lambda: server.client.get("/api/v2/experiments").json().get("total") == 2)

    def told() -> list[str]:
        return [each.message for each in caplog.records if each.name == "runicorn.server"]

    # The rows are there a moment before the round that wrote them ends.
    eventually(lambda: "the index is up to date again" in told())
    assert len([text for text in told() if "can't be brought up to date" in text]) == 1


def test_an_idle_server_does_not_catch_up(
    serve: Callable[..., Any],
    write_run: Callable[..., Path],
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "LOOK_S", 0.05)
    write_run("run")
    server = serve()
    server.client.get("/api/v2/boot")
    refresher = server.app.state.refresher
    eventually(lambda: not refresher._may_run.is_set() and not refresher._is_in_round)
    with listen(server, {"t": "runs"}) as socket, pytest.raises(TimeoutError):
        socket.recv(timeout=1.5)
    assert not refresher._may_run.is_set()
    assert not refresher._work.is_set()


def test_logs_and_media_of_a_run_make_no_notice(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    folder = write_run("run")
    server = serve()
    server.client.get("/api/v2/boot")
    with listen(server, {"t": "runs"}) as socket:
        (folder / "logs.txt").write_text("a line\n", encoding="utf-8")
        (folder / "media").mkdir()
        (folder / "media" / "1_abcdef_a.png").write_bytes(b"x")
        with pytest.raises(TimeoutError):
            socket.recv(timeout=1.5)


def test_what_changed_before_the_subscription_is_told_after_it(
    serve: Callable[..., Any], write_run: Callable[..., Path], eventually: Callable[..., Any]
) -> None:
    server = serve()
    client = server.client
    client.get("/api/v2/boot")
    address = server.socket_address("/api/v2/live")
    with connect(address, proxy=None, close_timeout=2) as socket:
        eventually(lambda: server.app.state.notices.n_listeners == 1)
        write_run("early")
        eventually(lambda: client.get("/api/v2/experiments").json()["total"] == 1)
        socket.send('{"sub":[{"t":"runs"}]}')
        assert notice_of(socket, "early")["added"] == 1

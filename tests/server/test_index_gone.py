"""The index may be deleted or broken at any time: no answer is wrong after it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from runicorn_server import refresh

import runicorn as rn

FILES = ("runicorn.db", "runicorn.db-wal", "runicorn.db-shm")
N_RUNS = 21


@pytest.fixture
def idle_server(
    serve: Callable[..., Any], write_run: Callable[..., Path], eventually: Callable[..., Any]
) -> Any:
    """A server that has nothing to do, over a root of finished runs."""
    for number in range(N_RUNS):
        write_run(f"run-{number:02}", lines=[{"a": 1.0, "global_step": 1}], age_s=number)
    server = serve()
    assert server.client.get("/api/v2/experiments").json()["total"] == N_RUNS
    refresher = server.app.state.refresher
    eventually(lambda: not refresher._is_in_round and not refresher._work.is_set())
    return server


def checkpoint(root: Path) -> None:
    """Bring all into the main file, so that harm to it is harm to all."""
    with closing(sqlite3.connect(root / "runicorn.db")) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def delete(root: Path) -> None:
    for name in FILES:
        (root / name).unlink(missing_ok=True)


def truncate(root: Path) -> None:
    os.truncate(root / "runicorn.db", 0)


def cut(root: Path) -> None:
    os.truncate(root / "runicorn.db", 4096 + 100)


def overwrite(root: Path) -> None:
    (root / "runicorn.db").write_bytes(b"no database " * 1000)


def replace_with_an_empty_one(root: Path) -> None:
    """Make it anew as another process does that was killed before it read anything."""
    delete(root)
    rn.open(root).revision()


@pytest.mark.promise(2)
@pytest.mark.parametrize(
    "harm", [delete, truncate, cut, overwrite, replace_with_an_empty_one], ids=lambda f: f.__name__
)
def test_an_index_that_goes_under_an_idle_server_is_made_anew_before_it_answers(
    idle_server: Any, root: Path, harm: Callable[[Path], None]
) -> None:
    client = idle_server.client
    checkpoint(root)
    harm(root)
    (project,) = client.get("/api/v2/boot").json()["projects"]
    assert project["n_runs"] == N_RUNS
    checkpoint(root)
    harm(root)
    assert client.get("/api/v2/experiments").json()["total"] == N_RUNS


@pytest.mark.promise(2)
def test_no_answer_counts_less_while_the_index_goes_again_and_again(
    idle_server: Any, root: Path
) -> None:
    stopping = threading.Event()

    def harm() -> None:
        while not stopping.wait(0.03):
            delete(root)

    harming = threading.Thread(target=harm)
    harming.start()
    try:
        answers = [idle_server.client.get("/api/v2/experiments") for _ in range(60)]
    finally:
        stopping.set()
        harming.join()
    assert {each.status_code for each in answers} <= {200, 503}
    assert {each.json()["total"] for each in answers if each.status_code == 200} == {N_RUNS}


@pytest.mark.promise(2)
def test_who_can_not_wait_is_told_that_the_runs_are_being_listed(
    idle_server: Any,
    root: Path,
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "LISTED_S", 0.0)
    delete(root)
    client = idle_server.client
    answer = client.get("/api/v2/experiments")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["code"] == "index_unfinished"
    assert "Ask again" in answer.json()["hint"]

    def is_there() -> bool:
        answer = client.get("/api/v2/experiments")
        assert answer.status_code == 503 or answer.json()["total"] == N_RUNS
        return bool(answer.status_code == 200)

    monkeypatch.undo()
    assert eventually(is_there)


@pytest.mark.promise(10)
def test_v1_answers_while_many_wait_for_an_index_that_can_not_be_filled(
    serve: Callable[..., Any],
    root: Path,
    write_run: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "LISTED_S", 5.0)
    write_run("run")
    with rn.open(root) as store:
        store.catch_up()
    write_run("another")
    locker = sqlite3.connect(root / "runicorn.db", isolation_level=None)
    with closing(locker), ThreadPoolExecutor(60) as pool:
        locker.execute("BEGIN EXCLUSIVE")
        client = serve().client
        waiting = [pool.submit(client.get, "/api/v2/experiments") for _ in range(60)]
        assert len(client.get("/api/runs", timeout=4).json()) == 2
        assert {each.result().status_code for each in waiting} <= {503}
        locker.execute("ROLLBACK")

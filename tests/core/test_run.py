from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runicorn as rn
from runicorn.errors import (
    InvalidNameError,
    InvalidValueError,
    RunClosedError,
    RunExistsError,
    UsageError,
)


def read(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def lines(run: rn.Run) -> list[dict[str, Any]]:
    text = (run.run_dir / "events.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def metrics(run: rn.Run) -> list[dict[str, Any]]:
    return [line["data"] for line in lines(run) if line["type"] == "metrics"]


def test_a_run_leaves_the_documented_files(root: Path) -> None:
    run = rn.init("vision", "resnet/base", config={"lr": 1e-3, "opt": {"name": "sgd"}},
                  tags=["a"], notes="why", storage=root)  # fmt: skip
    rn.log({"loss": 0.5, "val": {"acc": 0.25}}, step=10, stage="train")
    rn.log(loss=math.nan)
    rn.log_text("two\nlines")
    rn.summary({"score": np.float32(0.5)})
    rn.finish()

    assert run.run_dir == root / "vision" / "resnet" / "base" / "runs" / run.id
    meta = read(run.run_dir / "meta.json")
    assert (meta["project"], meta["name"], meta["id"]) == ("vision", "resnet/base", run.id)
    assert (meta["pid"], meta["format"], meta["tags"]) == (os.getpid(), 2, ["a"])
    assert read(run.run_dir / "config.json") == {"lr": 1e-3, "opt": {"name": "sgd"}}
    assert read(run.run_dir / "summary.json") == {"score": 0.5}
    status = read(run.run_dir / "status.json")
    assert (status["status"], status["exit_code"]) == ("finished", 0)
    assert status["started_at"] <= status["ended_at"]
    logs = (run.run_dir / "logs.txt").read_text(encoding="utf-8").splitlines()
    assert [line[11:] for line in logs] == ["two", "lines"]

    first, second = metrics(run)
    assert first["loss"] == 0.5
    assert first["val/acc"] == 0.25
    assert (first["global_step"], first["stage"]) == (10, "train")
    assert (second["loss"], second["global_step"]) == ("NaN", 11)
    assert [line["type"] for line in lines(run)] == [
        "config", "metrics", "metrics", "summary", "finish",
    ]  # fmt: skip


def test_steps_count_from_one_and_go_on_from_a_given_one(root: Path) -> None:
    run = rn.init(storage=root)
    for step in (None, None, 100, None, 5, None):
        rn.log({"a": 1.0}, step=step)
    assert [data["global_step"] for data in metrics(run)] == [1, 2, 100, 101, 5, 6]


def test_log_is_all_or_nothing(root: Path) -> None:
    run = rn.init(storage=root)
    with pytest.raises(InvalidValueError):
        rn.log({"good": 1.0, "bad": "text"})
    with pytest.raises(InvalidValueError):
        rn.log({"good": 1.0}, step=1.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError):
        rn.log({"good": 1.0}, stage=3)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError):
        rn.log({"good": 1.0}, good=2.0)
    with pytest.raises(InvalidValueError):
        rn.log([("good", 1.0)])  # type: ignore[arg-type]
    rn.log({"good": 1.0})
    assert [data["global_step"] for data in metrics(run)] == [1]


def test_a_call_after_finish_says_so_and_writes_nothing(root: Path) -> None:
    run = rn.init(storage=root)
    run.finish()
    before = (run.run_dir / "events.jsonl").read_bytes()
    calls: list[Callable[[], None]] = [
        lambda: rn.log(a=1),
        lambda: rn.log_text("a"),
        lambda: rn.summary({"a": 1}),
        lambda: rn.set_primary_metric("a"),
    ]
    for call in calls:
        with pytest.raises(RunClosedError, match="init"):
            call()
    run.finish()
    rn.finish()
    assert (run.run_dir / "events.jsonl").read_bytes() == before


def test_without_a_run_the_error_says_what_to_call() -> None:
    script = "import runicorn as rn; rn.log({'a': 1})"
    child = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "RunClosedError: log() needs an active run. Call runicorn.init() first." in child.stderr


@pytest.mark.parametrize("bad", [{"project": "../x"}, {"name": "/abs"}, {"run_id": "a/b"},
                                 {"project": "runs"}, {"name": "x" * 129}])  # fmt: skip
def test_a_bad_name_creates_nothing(root: Path, bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidNameError):
        rn.init(storage=root, **bad)
    assert not root.exists()


@pytest.mark.parametrize("bad", [{"tags": "sweep"}, {"config": [1]}])
def test_an_argument_of_the_wrong_kind_is_refused(root: Path, bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        rn.init(storage=root, **bad)
    assert not root.exists()


def test_a_taken_run_id_is_refused_and_the_run_there_is_untouched(root: Path) -> None:
    with rn.init(run_id="mine", storage=root) as run:
        rn.log(a=1)
    before = (run.run_dir / "events.jsonl").read_bytes()
    with pytest.raises(RunExistsError) as caught:
        rn.init(run_id="mine", storage=root)
    assert caught.value.run_dir == run.run_dir
    assert (run.run_dir / "events.jsonl").read_bytes() == before


def test_the_best_value_of_the_primary_metric_is_derived(root: Path) -> None:
    run = rn.init(storage=root)
    rn.log({"acc": 0.3}, step=1)
    rn.set_primary_metric("acc", mode="max")
    for step, value in [(2, 0.7), (3, math.nan), (4, 0.7), (5, 0.1)]:
        rn.log({"acc": value}, step=step)
    rn.finish()
    summary = read(run.run_dir / "summary.json")
    assert summary["best_metric_name"] == "acc"
    assert (summary["best_metric_value"], summary["best_metric_step"]) == (0.7, 2)
    with rn.init(storage=root) as run:
        rn.set_primary_metric("step", mode="max")
        rn.log({"step": 7}, step=1)
        with (run.run_dir / "events.jsonl").open("ab") as journal:  # as an older release wrote it
            journal.write(b'{"ts":1,"type":"metrics","data":{"step":9,"a":1}}\n')
    assert read(run.run_dir / "summary.json")["best_metric_value"] == 7
    with pytest.raises(UsageError, match="'max' or 'min'"):
        rn.init(storage=root).set_primary_metric("acc", mode="best")  # type: ignore[arg-type]


@pytest.mark.promise(9)
@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("boom"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_leaving_the_block_by_an_exception_tells_how_the_run_ended(
    root: Path, error: BaseException, status: str
) -> None:
    run = rn.init(storage=root)
    with pytest.raises(type(error)), run:
        raise error
    said = read(run.run_dir / "status.json")
    assert (said["status"], said["exit_code"]) == (status, 1 if status == "failed" else 130)
    assert type(error).__name__ in said["exit_reason"]
    assert lines(run)[-1]["data"]["status"] == status


@pytest.mark.promise(9)
@pytest.mark.parametrize(
    ("end", "status", "reason"), [("", "finished", None), ("1 / 0", "failed", "ZeroDivisionError")]
)
def test_a_script_that_just_ends_ends_its_run(
    root: Path, end: str, status: str, reason: str | None
) -> None:
    script = (
        f"import runicorn as rn\nrn.init(run_id='r', storage={str(root)!r})\nrn.log(a=1)\n{end}"
    )
    subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    said = read(root / "default" / "default" / "runs" / "r" / "status.json")
    assert said["status"] == status
    assert (reason or "") in (said["exit_reason"] or "")


def test_a_second_init_finishes_the_first(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = rn.init(storage=root)
    second = rn.init(storage=root)
    assert rn.get_active_run() is second
    assert read(first.run_dir / "status.json")["status"] == "finished"
    assert first.id in caplog.text
    rn.finish()
    assert rn.get_active_run() is None


def test_two_threads_lose_nothing_and_share_the_step_counter(root: Path) -> None:
    run = rn.init(storage=root)

    def work(key: str) -> None:
        for value in range(500):
            rn.log({key: value})

    threads = [threading.Thread(target=work, args=(key,)) for key in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    logged = metrics(run)
    assert [data["global_step"] for data in logged] == list(range(1, 1001))
    assert [data["a"] for data in logged if "a" in data] == list(range(500))
    assert [data["b"] for data in logged if "b" in data] == list(range(500))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_writes_nothing_into_its_parents_run(root: Path) -> None:
    run = rn.init(storage=root)
    rn.log(a=1)
    child = os.fork()
    if child == 0:
        try:
            rn.log(a=2)
            rn.finish()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    rn.log(a=3)
    assert [data["a"] for data in metrics(run)] == [1, 3]
    assert read(run.run_dir / "status.json")["status"] == "running"


@pytest.mark.promise(5)
def test_a_root_deleted_meanwhile_does_not_stop_the_training(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import shutil

    run = rn.init(storage=root)
    rn.log(a=1)
    shutil.rmtree(root)
    rn.log(a=2)
    rn.summary({"b": 1})
    rn.finish()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert run.id in caplog.text

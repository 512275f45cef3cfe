"""Runs are taken up where they stopped; nothing of what was logged before is dropped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.errors import ConflictError, RunExistsError, RunNotFoundError, UsageError


def events(run_dir: Path, kind: str) -> list[dict[str, Any]]:
    lines = (run_dir / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [line["data"] for line in map(json.loads, lines) if line["type"] == kind]


def record(root: Path, steps: range, **options: Any) -> rn.Run:
    run = rn.init("p", "n", storage=root, **options)
    for step in steps:
        rn.log({"a": step + 100 * run.attempt}, step=step)
    return run


def values_of(root: Path, run_id: str) -> dict[int, float]:
    history = rn.run_by_id(run_id, root=root).history("a")
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def test_the_steps_and_the_attempts_go_on(root: Path) -> None:
    record(root, range(1, 6), run_id="x").finish()
    run = rn.init("p", "n", storage=root, run_id="x", resume="must")
    rn.log(a=1.0)
    run.finish()
    assert (run.attempt, run.step) == (2, 6)
    assert [data["global_step"] for data in events(run.run_dir, "metrics")] == [1, 2, 3, 4, 5, 6]
    status = json.loads((run.run_dir / "status.json").read_text())
    assert (status["status"], status["attempt"], status["pid"]) == ("finished", 2, os.getpid())


@pytest.mark.promise(8)
def test_points_after_the_step_are_superseded_and_stay_in_the_journal(root: Path) -> None:
    record(root, range(1, 11), run_id="x").finish()
    run = rn.init("p", "n", storage=root, run_id="x", resume="allow", resume_step=6)
    rn.log(a=207.0)
    run.finish()
    logged = [data["a"] for data in events(run.run_dir, "metrics")]
    assert logged == [*range(101, 111), 207.0]
    assert events(run.run_dir, "attempt") == [{"attempt": 2, "resumed_at_step": 7}]
    assert values_of(root, "x") == {**{step: 100 + step for step in range(1, 7)}, 7: 207.0}


@pytest.mark.promise(8)
def test_a_run_that_was_killed_is_taken_up_whatever_its_last_line_looks_like(root: Path) -> None:
    code = (
        "import os, sys, runicorn as rn\n"
        "rn.init('p', 'n', storage=sys.argv[1], run_id='x')\n"
        "for step in range(1, 51): rn.log({'a': step}, step=step)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    child = subprocess.run([sys.executable, "-c", code, str(root)], check=False, timeout=60)
    assert child.returncode == -signal.SIGKILL
    folder = root / "p" / "n" / "runs" / "x"
    with (folder / "events.jsonl").open("ab") as journal:
        journal.write(b'{"ts":1,"type":"metr')
    run = rn.init("p", "n", storage=root, resume="auto")
    assert (run.id, run.attempt, run.step) == ("x", 2, 50)
    rn.log(a=51)
    run.finish()
    assert values_of(root, "x") == {step: step for step in range(1, 52)}


def test_auto_takes_the_newest_that_did_not_finish_else_a_new_one(root: Path) -> None:
    record(root, range(1, 3), run_id="done").finish()
    for run_id in ("first", "second"):
        record(root, range(1, 3), run_id=run_id).finish("failed")
    run = record(root, range(0), resume="auto")
    assert run.id == "second"
    run.finish()
    run = record(root, range(0), resume="auto")
    assert run.id == "first"
    run.finish()
    run = record(root, range(0), resume="auto")
    assert run.id not in {"done", "first", "second"}
    assert run.attempt == 1


def test_allow_starts_a_run_of_this_id_when_there_is_none(root: Path) -> None:
    run = record(root, range(1, 2), run_id="mine", resume="allow")
    assert (run.id, run.attempt) == ("mine", 1)


def test_must_needs_an_id_and_a_run(root: Path) -> None:
    with pytest.raises(UsageError, match="run_id"):
        rn.init(storage=root, resume="must")
    with pytest.raises(RunNotFoundError):
        rn.init(storage=root, resume="must", run_id="nobody")
    with pytest.raises(UsageError, match="resume="):
        rn.init(storage=root, resume_step=3)
    assert not list(root.glob("**/meta.json"))


def test_a_taken_id_is_refused_in_every_project_and_is_found_in_every_project(root: Path) -> None:
    record(root, range(1, 4), run_id="x").finish()
    with pytest.raises(RunExistsError):
        rn.init("other", "place", storage=root, run_id="x")
    run = rn.init("other", "place", storage=root, run_id="x", resume="must")
    assert (run.project, run.name, run.step) == ("p", "n", 3)


def test_a_run_that_still_records_is_not_taken_up(root: Path) -> None:
    code = (
        "import sys, runicorn as rn\n"
        "rn.init('p', 'n', storage=sys.argv[1], run_id='x'); rn.log(a=1)\n"
        "print('ready', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        with pytest.raises(ConflictError, match=str(child.pid)):
            rn.init("p", "n", storage=root, run_id="x", resume="allow")
        # Even where the documents are gone, two processes never write one journal.
        (root / "p" / "n" / "runs" / "x" / "status.json").write_text('{"status": "failed"}')
        with pytest.raises(ConflictError, match="another process"):
            rn.init("p", "n", storage=root, run_id="x", resume="allow")
        child.communicate(timeout=60)
    assert values_of(root, "x") == {1: 1.0}


def test_a_run_in_the_recycle_bin_is_not_taken_up(root: Path) -> None:
    run = record(root, range(1, 2), run_id="x")
    run.finish()
    (run.run_dir / ".deleted").write_text("{}")
    with pytest.raises(ConflictError, match="restore"):
        rn.init("p", "n", storage=root, run_id="x", resume="allow")
    assert record(root, range(0), resume="auto").id != "x"


def test_config_and_summary_go_on_and_the_best_value_is_that_of_the_current_path(
    root: Path,
) -> None:
    run = rn.init("p", "n", storage=root, run_id="x", config={"lr": 1.0, "opt": {"name": "sgd"}})
    rn.set_primary_metric("acc")
    for step, value in enumerate([0.1, 0.5, 0.9, 0.2], 1):
        rn.log({"acc": value}, step=step)
    rn.summary({"note": "kept"})
    run.finish("failed")
    run = rn.init(
        storage=root, run_id="x", resume="must", resume_step=2, config={"opt": {"wd": 0.1}}
    )
    assert run.config.as_dict() == {"lr": 1.0, "opt": {"name": "sgd", "wd": 0.1}}
    rn.log({"acc": 0.6})
    run.finish()
    summary = json.loads((run.run_dir / "summary.json").read_text())
    assert summary["note"] == "kept"
    assert (summary["best_metric_value"], summary["best_metric_step"]) == (0.6, 3)
    with rn.open(root) as store:
        store.catch_up()
        found = store.experiment("x").experiment
    assert (found.best_metric_value, found.best_metric_step, found.attempt) == (0.6, 3, 2)


def test_a_journal_without_documents_is_taken_up(root: Path) -> None:
    run = record(root, range(1, 4), run_id="x")
    run.finish("failed")
    for name in ("status.json", "config.json"):
        (run.run_dir / name).write_bytes(b"\xff{")
    again = rn.init("p", "n", storage=root, run_id="x", resume="must")
    assert (again.attempt, again.step) == (2, 3)

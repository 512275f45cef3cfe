"""Runs that record nothing have all of a run's surface."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.recording import Run
from runicorn.silent import SilentRun

# Methods that only call others of the same run, or none that records.
INHERITED = {"step", "config", "summary"}


def test_a_disabled_run_takes_every_call_and_leaves_no_trace(root: Path) -> None:
    with rn.init("p", "n", storage=root, mode="disabled", config={"lr": 1}) as run:
        assert rn.get_active_run() is run
        rn.log({"a": 1.0, "b": "anything"}, step=3)
        rn.log_text("a")
        rn.summary({"score": 1})
        rn.set_primary_metric("a")
        rn.define_metric("a", goal="min")
        rn.alert("look")
        run.record("custom", {})
        run.config.lr = 2
        assert (run.config.lr, run.summary["score"]) == (2, 1)
        assert (run.project, run.name, run.attempt) == ("p", "n", 1)
        assert run.run_dir.is_relative_to(root)
    assert rn.get_active_run() is None
    rn.finish()
    assert not root.exists()


def test_bad_names_are_refused_by_a_disabled_run_as_well(root: Path) -> None:
    with pytest.raises(rn.RunicornError, match="project"):
        rn.init("../x", storage=root, mode="disabled")


def test_a_silent_run_overrides_all_that_records() -> None:
    recording = {
        name
        for name, member in vars(Run).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    }
    assert recording - INHERITED <= set(vars(SilentRun))
    for name in recording - INHERITED:
        if callable(vars(Run)[name]):
            assert inspect.signature(getattr(Run, name)) == inspect.signature(
                getattr(SilentRun, name)
            )


def test_a_disabled_log_call_costs_next_to_nothing(root: Path) -> None:
    rn.init(storage=root, mode="disabled")
    data = {f"metric_{n}": 0.5 for n in range(100)}
    rn.log(data)
    began = time.perf_counter()
    for _ in range(10_000):
        rn.log(data)
    assert time.perf_counter() - began < 1.0


def test_the_environment_can_disable_all_runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNICORN_MODE", "disabled")
    rn.init(storage=root)
    rn.log(a=1)
    rn.finish()
    assert not root.exists()


def test_a_pickled_run_is_its_id(root: Path) -> None:
    run = rn.init("p", "n", storage=root)
    assert pickle.loads(pickle.dumps(run)) is run
    rn.finish()
    silent = pickle.loads(pickle.dumps(run))
    assert (silent.id, silent.run_dir, silent.project) == (run.id, run.run_dir, "p")


def test_a_run_pickled_into_another_process_records_nothing_there_and_says_so(root: Path) -> None:
    run = rn.init("p", "n", storage=root)
    code = (
        "import pickle, sys\n"
        "run = pickle.loads(sys.stdin.buffer.read())\n"
        "run.log({'a': 1}); run.log({'a': 2}); run.finish()\n"
        "print(run.id, end='')\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(run), capture_output=True, check=True,
        timeout=60,
    )  # fmt: skip
    assert child.stdout.decode() == run.id
    assert child.stderr.count(b"pickled into another process") == 1
    assert run.is_active
    assert b'"a"' not in (run.run_dir / "events.jsonl").read_bytes()


def test_a_run_may_be_recorded_from_a_running_event_loop(root: Path) -> None:
    async def train() -> rn.Run:
        with rn.init(storage=root) as run:
            for step in range(10):
                rn.log({"a": step})
                await asyncio.sleep(0)
        return run

    run = asyncio.run(train())
    assert rn.run_by_id(run.id, root=root).history("a").values.tolist() == list(range(10))


def test_what_becomes_of_an_active_run_can_be_chosen(root: Path) -> None:
    first = rn.init(storage=root)
    with pytest.raises(rn.RunicornError, match="reinit"):
        rn.init(storage=root, reinit="always")  # type: ignore[arg-type]
    assert rn.init(storage=root, reinit="return_previous") is first
    second = rn.init(storage=root, reinit="create_new")
    assert first.is_active
    assert rn.get_active_run() is second
    rn.log(a=1)
    second.finish()
    assert rn.run.id == first.id
    rn.log(a=2)
    first.finish()
    assert rn.get_active_run() is None
    assert b'"a":2' in (first.run_dir / "events.jsonl").read_bytes()

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import runicorn as rn
from runicorn import processes
from runicorn.states import LOST_AFTER_S, judge

NOW = 1_800_000_000.0
HERE = {"hostname": processes.hostname(), "boot_id": processes.boot_id()}
RUNNING = {"status": "running", "started_at": NOW - 5000, "heartbeat_at": NOW - 10}


@pytest.mark.promise(9)
@pytest.mark.parametrize("status", ["finished", "failed", "interrupted"])
def test_a_final_status_is_believed(status: str) -> None:
    said = {"status": status, "exit_reason": "because"}
    assert (judge({}, said, NOW).status, judge({}, said, NOW).reason) == (status, "because")


@pytest.mark.promise(9)
def test_a_run_whose_process_lives_is_running() -> None:
    meta = {**HERE, "pid": os.getpid(), "pid_started_at": processes.started_at()}
    assert judge(meta, RUNNING, NOW).status == "running"


@pytest.mark.promise(9)
def test_a_run_whose_process_is_gone_is_killed_with_its_pid_as_evidence() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(30)
    state = judge({**HERE, "pid": child.pid, "pid_started_at": NOW}, RUNNING, NOW)
    assert state.status == "killed"
    assert str(child.pid) in (state.reason or "")


@pytest.mark.promise(9)
def test_another_process_with_the_same_pid_is_not_the_run() -> None:
    meta = {**HERE, "pid": os.getpid(), "pid_started_at": 1.0}
    assert judge(meta, RUNNING, NOW).status == "killed"


@pytest.mark.promise(9)
def test_a_run_elsewhere_is_never_called_dead_by_its_pid() -> None:
    elsewhere = {"hostname": "gpu-03", "boot_id": "other", "pid": 999_999_999}
    assert judge(elsewhere, RUNNING, NOW).status == "running"
    silent = {**RUNNING, "heartbeat_at": NOW - LOST_AFTER_S - 1}
    lost = judge(elsewhere, silent, NOW)
    assert lost.status == "lost"
    assert "gpu-03" in (lost.reason or "")


@pytest.mark.promise(9)
def test_a_run_in_a_container_with_the_name_of_its_host_is_never_called_dead_by_its_pid() -> None:
    inside = {**HERE, "pid": 7, "pid_started_at": NOW, "pid_namespace": "pid:[1]"}
    assert judge(inside, RUNNING, NOW).status == "running"
    silent = {**RUNNING, "heartbeat_at": NOW - LOST_AFTER_S - 1}
    assert judge(inside, silent, NOW).status == "lost"


@pytest.mark.promise(9)
def test_a_real_process_in_another_pid_namespace_is_running(root: Path) -> None:
    code = (
        "import sys, runicorn as rn\n"
        "rn.init(storage=sys.argv[1], run_id='x'); rn.log(a=1)\n"
        "print('ready', flush=True); sys.stdin.read()\n"
    )
    if os.geteuid() != 0:
        pytest.skip("a namespace of its own needs root")
    enter = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", code, str(root)]
    with subprocess.Popen(enter, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        run = rn.run_by_id("x", root=root)
        assert run.status == "running"
        child.communicate(timeout=60)
    assert rn.run_by_id("x", root=root).status == "finished"


@pytest.mark.promise(9)
def test_a_namesake_of_this_host_that_still_beats_is_not_this_host_before_its_restart() -> None:
    meta = {**HERE, "boot_id": "another boot", "pid": 999_999_999}
    assert judge(meta, RUNNING, NOW).status == "running"
    silent = {**RUNNING, "heartbeat_at": NOW - LOST_AFTER_S - 1}
    assert judge(meta, silent, NOW).status == "killed"


@pytest.mark.promise(9)
def test_runs_of_the_older_release_are_judged_by_host_and_pid_or_by_a_day_of_silence() -> None:
    old = {"hostname": processes.hostname(), "pid": 999_999_999, "created_at": NOW - 60}
    said = {"status": "running", "started_at": NOW - 60}
    assert judge(old, said, NOW).status == "killed"
    elsewhere = {**old, "hostname": "gpu-03"}
    assert judge(elsewhere, said, NOW).status == "running"
    assert judge(elsewhere, said, NOW + 90_000).status == "lost"


def test_a_run_without_documents_is_lost_and_says_so() -> None:
    state = judge({}, {}, NOW)
    assert (state.status, bool(state.reason)) == ("lost", True)

"""However its process ends, a run says honestly how."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.promise(9)

START = "import os, sys, signal, runicorn as rn\nrun = rn.init(storage=sys.argv[1], run_id='x')\n"


def run_script(root: Path, script: str, **options: Any) -> tuple[int, dict[str, Any], str]:
    """Run a script; return its exit code, the status of its run and what it said on stderr."""
    command = [sys.executable, "-c", START + script, str(root)]
    child = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, **options
    )
    path = root / "default" / "default" / "runs" / "x" / "status.json"
    return child.returncode, json.loads(path.read_text(encoding="utf-8")), child.stderr


@pytest.mark.parametrize(
    ("script", "code", "status", "reason"),
    [
        ("rn.log(a=1)", 0, "finished", None),
        ("sys.exit()", 0, "finished", None),
        ("sys.exit(0)", 0, "finished", None),
        ("sys.exit(3)", 3, "failed", "exit code 3"),
        ("sys.exit('no data')", 1, "failed", "exit code 1"),
        ("with run:\n  sys.exit(0)", 0, "finished", None),
        ("with run:\n  sys.exit(4)", 4, "failed", "SystemExit: 4"),
        ("1 / 0", 1, "failed", "ZeroDivisionError"),
        ("with run:\n  1 / 0", 1, "failed", "ZeroDivisionError"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "interrupted", "KeyboardInterrupt"),
        ("os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT, "interrupted", "KeyboardInt"),
        ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, "interrupted", "SIGTERM"),
        ("os.kill(os.getpid(), signal.SIGHUP)", -signal.SIGHUP, "interrupted", "SIGHUP"),
        ("run.finish('failed', reason='bad data')", 0, "failed", "bad data"),
    ],
)
def test_every_end_of_a_script_is_told_with_its_reason(
    root: Path, script: str, code: int, status: str, reason: str | None
) -> None:
    returned, said, _stderr = run_script(root, script)
    assert (returned, said["status"]) == (code, status)
    assert said["ended_at"] >= said["started_at"]
    if reason is None:
        assert said["exit_reason"] is None
        assert said["exit_code"] == 0
    else:
        assert reason in said["exit_reason"]
        assert said["exit_code"] != 0


def test_a_traceback_is_kept_and_still_shown(root: Path) -> None:
    _code, said, stderr = run_script(root, "def train():\n  raise ValueError('boom')\ntrain()")
    assert "in train" in said["exit_reason"]
    assert "ValueError: boom" in stderr


def test_a_signal_handler_of_the_script_is_called_and_the_training_may_end_in_order(
    root: Path,
) -> None:
    script = (
        "got = []\n"
        "run.finish()\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))\n"
        "run = rn.init(storage=sys.argv[1], run_id='y')\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "rn.log(checkpoint=1.0)\n"
        "assert got == [signal.SIGTERM]\n"
    )
    code, _said, stderr = run_script(root, script)
    folder = root / "default" / "default" / "runs" / "y"
    said = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    assert (code, said["status"], said["exit_reason"]) == (0, "interrupted", "ended by SIGTERM")
    assert "checkpoint" in (folder / "events.jsonl").read_text(encoding="utf-8")
    assert "Traceback" not in stderr


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_runs_of_children_of_multiprocessing_end_honestly(root: Path, method: str) -> None:
    path = root.parent / "train.py"
    path.write_text(
        "import multiprocessing, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "import runicorn as rn\n"
        "def train(root, run_id):\n"
        "    rn.init(storage=root, run_id=run_id); rn.log(a=1)\n"
        "    if run_id == 'bad': raise ValueError('no data')\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context(sys.argv[2])\n"
        "    for run_id in ('good', 'bad'):\n"
        "        child = context.Process(target=train, args=(sys.argv[1], run_id))\n"
        "        child.start(); child.join()\n",
        encoding="utf-8",
    )
    command = [sys.executable, str(path), str(root), method]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    runs = root / "default" / "default" / "runs"
    good, bad = (json.loads((runs / name / "status.json").read_text()) for name in ("good", "bad"))
    assert (good["status"], bad["status"]) == ("finished", "failed")
    assert "no data" in bad["exit_reason"]


def test_a_block_that_a_signal_has_ended_in_order_is_interrupted(root: Path) -> None:
    script = (
        "signal.signal(signal.SIGTERM, lambda number, frame: None)\n"
        "run.finish()\n"
        "with rn.init(storage=sys.argv[1], run_id='y'):\n"
        "  os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    run_script(root, script)
    path = root / "default" / "default" / "runs" / "y" / "status.json"
    assert json.loads(path.read_text(encoding="utf-8"))["status"] == "interrupted"


def test_an_ignored_signal_stays_ignored(root: Path) -> None:
    script = "rn.log(a=2)"
    before = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    command = [sys.executable, "-c", before + START + "os.kill(os.getpid(), 1)\n" + script]
    child = subprocess.run([*command, str(root)], check=False, timeout=60, capture_output=True)
    assert child.returncode == 0


@pytest.mark.parametrize("stderr", ["sys.stderr = None", "os.close(2)", "sys.stderr.close()"])
def test_a_missing_stderr_stops_nothing(root: Path, stderr: str) -> None:
    script = f"{stderr}\nrun.finish()\nos.write(1, b'done')\nos._exit(7)"
    command = [sys.executable, "-c", START + script, str(root)]
    child = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=60)
    assert (child.returncode, child.stdout[-4:]) == (7, b"done")


def test_several_runs_of_one_process_all_end_with_it(root: Path) -> None:
    script = (
        "other = rn.init(storage=sys.argv[1], run_id='y', reinit='create_new')\n"
        "run.log(a=1); other.log(a=2); rn.log(a=3)\n"
        "1 / 0\n"
    )
    _code, said, _stderr = run_script(root, script)
    folder = root / "default" / "default" / "runs"
    other = json.loads((folder / "y" / "status.json").read_text(encoding="utf-8"))
    assert (said["status"], other["status"]) == ("failed", "failed")
    assert b'"a":3' in (folder / "y" / "events.jsonl").read_bytes()


def test_a_process_that_leaves_without_a_word_is_killed_for_its_readers(root: Path) -> None:
    import runicorn as rn

    code, said, _stderr = run_script(root, "os._exit(9)")
    assert (code, said["status"]) == (9, "running")
    run = rn.run_by_id("x", root=root)
    assert run.status == "killed"
    assert "is gone" in (run.exit_reason or "")


def test_what_was_hooked_is_handed_on_to_who_was_there_before(root: Path) -> None:
    before = (
        "import sys\nsys.excepthook = lambda kind, error, trace: print('mine', kind.__name__)\n"
    )
    command = [sys.executable, "-c", before + START + "1 / 0", str(root)]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "mine ZeroDivisionError" in child.stdout


def test_the_end_of_a_forked_child_is_not_the_end_of_its_parents_run(root: Path) -> None:
    script = (
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "  rn.log(a=-1.0)\n"
        "  sys.exit(5)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5\n"
        "rn.log(a=1.0)\n"
    )
    code, said, stderr = run_script(root, script)
    assert (code, said["status"]) == (0, "finished")
    assert stderr.count("a forked child does not record") == 1
    journal = root / "default" / "default" / "runs" / "x" / "events.jsonl"
    assert [line for line in journal.read_text().splitlines() if '"a":-1' in line] == []
    assert os.path.exists(journal)  # noqa: PTH110 - the run's own file is what is meant

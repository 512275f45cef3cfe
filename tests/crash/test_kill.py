"""A training process is killed at moments that nobody chose; what `log` returned for is there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.query.models import SeriesRequest

# Says each step on a pipe after `log` has returned for it: those are the acknowledged ones.
CHILD = """
import os, sys
import runicorn as rn
rn.init("crash", "kill", run_id=sys.argv[1], storage=sys.argv[2])
step = 0
while True:
    step += 1
    rn.log({"a": step, "b": -step})
    os.write(1, b"%d\\n" % step)
"""


def record_until_killed(root: Path, run_id: str, after: int) -> int:
    """Kill the child once it has acknowledged some steps; return how many it had in the end."""
    command = [sys.executable, "-c", CHILD, run_id, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = b""
        while said.count(b"\n") < after:
            block = os.read(child.stdout.fileno(), 65536)
            assert block, "the child ended by itself"
            said += block
        os.kill(child.pid, signal.SIGKILL)
        said += child.stdout.read()
        assert child.wait(30) == -signal.SIGKILL
    return said.count(b"\n")


@pytest.mark.promise(1)
@pytest.mark.promise(9)
@pytest.mark.parametrize("seed", range(5))
def test_every_acknowledged_log_is_in_the_journal_and_in_the_index(root: Path, seed: int) -> None:
    after = random.Random(seed).randrange(1, 20_000)
    acknowledged = record_until_killed(root, "victim", after)
    assert acknowledged >= after

    journal = root / "crash" / "kill" / "runs" / "victim" / "events.jsonl"
    whole_lines = journal.read_bytes().count(b"\n")
    # The kill may come after the write and before the acknowledgement: one more, never one less.
    assert whole_lines - acknowledged in {0, 1}

    with rn.open(root) as store:
        store.catch_up()
        detail = store.experiment("victim")
        assert detail.experiment.status == "killed"
        assert detail.metrics_summary.total_data_points == 2 * whole_lines
        assert detail.metrics_summary.step_range.max == whole_lines
        request = SeriesRequest(runs=["victim"], metrics=["a", "b"], px=2048)
        for series in store.series(request).series:
            assert series.form != "missing"
            assert series.n == whole_lines


@pytest.mark.promise(1)
@pytest.mark.promise(2)
def test_an_index_deleted_while_recording_loses_nothing(root: Path) -> None:
    run = rn.init("crash", "deleted", storage=root)
    for step in range(100):
        rn.log({"a": step})
    with rn.open(root) as store:
        store.catch_up()
    for file in root.glob("runicorn.db*"):
        file.unlink()
    for step in range(100):
        rn.log({"a": step})
    rn.finish()
    with rn.open(root) as store:
        store.catch_up()
        assert store.experiment(run.id).metrics_summary.total_data_points == 200

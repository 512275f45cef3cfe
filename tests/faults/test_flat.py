"""Memory and file handles stay flat, however long a run records and however many there are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.promise(14)

MEASURE = """
import gc, json, os, sys, time
import psutil
import runicorn as rn
me = psutil.Process()

def stand():
    gc.collect()
    return me.memory_info().rss, me.num_fds(), me.num_threads()
"""
LOGS = """
rn.init(storage=sys.argv[1])
stands = []
index, until = os.path.join(sys.argv[1], "runicorn.db"), time.monotonic() + 30
while not os.path.exists(index) and time.monotonic() < until:
    rn.log({"train/loss": 0.5})  # until the live index has loaded what it needs
for _ in range(5):
    for step in range(100_000):
        rn.log({"train/loss": step / 7, "train/acc": step / 11, "lr": 1e-3})
    stands.append(stand())
rn.finish()
json.dump(stands, sys.stdout)
"""
RUNS = """
stands = []
for _ in range(3):
    for _ in range(40):
        with rn.init(storage=sys.argv[1], config={"lr": 0.1}):
            rn.log({"a": 1.0})
            rn.log_text("one")
    stands.append(stand())
json.dump(stands, sys.stdout)
"""
MIB = 1 << 20


# The first holds up to 16 MiB of the index in memory besides; 60 bytes a log would be 18 MiB more.
@pytest.mark.parametrize(("script", "growth"), [(LOGS, 24 * MIB), (RUNS, 8 * MIB)])
def test_neither_many_logs_nor_many_runs_grow_a_process(
    root: Path, script: str, growth: int
) -> None:
    command = [sys.executable, "-c", MEASURE + script, str(root)]
    child = subprocess.run(command, capture_output=True, text=True, check=True, timeout=110)
    stands = json.loads(child.stdout)
    (first_rss, first_fds, first_threads), (last_rss, last_fds, last_threads) = (
        stands[1],
        stands[-1],
    )
    assert last_rss - first_rss < growth
    assert last_fds <= first_fds + 2  # the index may be open at this moment
    assert last_threads <= first_threads + 2

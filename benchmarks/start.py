"""``import runicorn`` over bare Python, and ``init``: medians of fresh interpreters in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 15
GOAL_IMPORT_S = 0.100
GOAL_INIT_S = 0.050

# With bytecode on disk, as it is after a second start on a user's machine.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}

INIT = """
import sys, time
import runicorn as rn
began = time.perf_counter()
run = rn.init("bench", "start", storage=sys.argv[1])
print(time.perf_counter() - began)
run.finish()
"""


def _process_s(script: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True, env=ENVIRONMENT)
    return time.perf_counter() - began


def _init_s(root: Path) -> float:
    child = subprocess.run(
        [sys.executable, "-c", INIT, str(root)],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT,
    )
    return float(child.stdout)


def main() -> bool:
    """Print the table and tell whether the goals are met."""
    bare, imported, inits = [], [], []
    with tempfile.TemporaryDirectory() as name:
        _init_s(Path(name))  # compiles what is not compiled yet
        for _ in range(REPEATS):
            bare.append(_process_s("pass"))
            imported.append(_process_s("import runicorn"))
            inits.append(_init_s(Path(name)))
    over = statistics.median(imported) - statistics.median(bare)
    init = statistics.median(inits)
    good = over <= GOAL_IMPORT_S and init <= GOAL_INIT_S
    print(f"bare Python {statistics.median(bare) * 1e3:.0f} ms")
    print(f"import runicorn: +{over * 1e3:.0f} ms (goal {GOAL_IMPORT_S * 1e3:.0f})")
    print(f"first init: {init * 1e3:.0f} ms (goal {GOAL_INIT_S * 1e3:.0f}): {_verdict(good)}")
    return good


def _verdict(good: bool) -> str:
    return "met" if good else "MISSED"

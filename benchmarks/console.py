"""Printing with the console captured against printing without, into a file and on a terminal.

The limit is the same script without capture, in the same process and in turn.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import runicorn as rn

LINES, REPEATS = 100_000, 7
STEPS, LOOP_REPEATS = 200, 40
Level = Literal["off", "python", "all"]
LEVELS: tuple[Level, ...] = ("off", "python", "all")
GOAL_LOOP = 1.01
# One more line may cost that much [s]; a step of training takes a thousand times as long.
GOAL_LINE_S = 2e-6


def _lines() -> None:
    for i in range(LINES):
        print("step", i, "loss", 0.123456789)
    sys.stdout.flush()


def _work(n: int) -> int:
    total = 0
    for i in range(n):
        total += i * i
    return total


def _loop(n: int) -> None:
    for i in range(STEPS):
        _work(n)
        print("step", i, "loss", 0.123456789, flush=True)


def _work_of_a_millisecond() -> int:
    n = 10_000
    spent = min(_seconds(lambda: _work(n)) for _ in range(20))
    return int(n * 1e-3 / spent)


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _measure(call: Callable[[], object], folder: Path, repeats: int) -> dict[Level, float]:
    """Return the medians by level `[s]`, each printed to descriptor 1 as it is now."""
    spent: dict[Level, list[float]] = {level: [] for level in LEVELS}
    for _ in range(repeats):
        for level in LEVELS:
            with rn.init(
                "bench", "console", storage=folder, capture_console=level, system_metrics=False
            ):
                spent[level].append(_seconds(call))
    return {level: statistics.median(times) for level, times in spent.items()}


def _on(
    target: int, call: Callable[[], object], folder: Path, repeats: int = REPEATS
) -> dict[Level, float]:
    """Measure with both outputs led to a descriptor."""
    kept = os.dup(1), os.dup(2)
    sys.stdout.flush()
    os.dup2(target, 1)
    os.dup2(target, 2)
    try:
        return _measure(call, folder, repeats)
    finally:
        sys.stdout.flush()
        for fd, to in zip(kept, (1, 2), strict=True):
            os.dup2(fd, to)
            os.close(fd)


def main() -> bool:
    """Print the table and tell whether the goals are met."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reader, terminal = os.openpty()
        subprocess.Popen(
            ["cat"], stdin=reader, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(reader)
        file = os.open(folder / "file", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        n = _work_of_a_millisecond()
        lines = {
            "file": _on(file, _lines, folder),
            "terminal": _on(terminal, _lines, folder),
        }
        loop = _on(terminal, lambda: _loop(n), folder, LOOP_REPEATS)
        os.close(terminal)
        os.close(file)
    print(f"a line of print, medians of {REPEATS} times {LINES} lines [us]")
    print("          " + "".join(f"{level:>9}" for level in LEVELS))
    for target, spent in lines.items():
        print(f"{target:>10}" + "".join(f"{spent[level] / LINES * 1e6:>9.2f}" for level in LEVELS))
    ratio = loop["all"] / loop["off"]
    print(f"a loop of 1 ms steps that prints a line each: {ratio:.4f} times (goal {GOAL_LOOP:g})")
    more = max((spent["all"] - spent["off"]) / LINES for spent in lines.values())
    good = ratio <= GOAL_LOOP and more <= GOAL_LINE_S
    print(f"goal: at most {GOAL_LINE_S * 1e6:g} us more a line: {'met' if good else 'MISSED'}")
    return good

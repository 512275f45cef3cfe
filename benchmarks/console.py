"""Printing with the console captured against printing without, into a file and on a terminal.

The limit is the same script without capture, in the same process and in turn. Times are those of
the processor for all threads of the process, because printing may go on beside it anyway.
"""

from __future__ import annotations

import functools
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
Body = Callable[[Path, Level], float]
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
    began = time.process_time()
    call()
    return time.process_time() - began


def _measure(body: Body, folder: Path, repeats: int) -> dict[Level, list[float]]:
    """Return the times by level `[s]`, each printed to descriptor 1 as it is now."""
    spent: dict[Level, list[float]] = {level: [] for level in LEVELS}
    for _ in range(repeats):
        for level in LEVELS:
            spent[level].append(body(folder, level))
    return spent


def _run(folder: Path, level: Level) -> rn.Run:
    return rn.init("bench", "console", storage=folder, capture_console=level, system_metrics=False)


def _whole_run_of_lines(folder: Path, level: Level) -> float:
    # With the end, where what is left is made into lines of the log.
    def whole() -> None:
        with _run(folder, level):
            _lines()

    return _seconds(whole)


def _loop_in_a_run(folder: Path, level: Level, n: int) -> float:
    with _run(folder, level):
        return _seconds(lambda: _loop(n))


def _on(target: int, body: Body, folder: Path, repeats: int = REPEATS) -> dict[Level, list[float]]:
    """Measure with both outputs led to a descriptor."""
    kept = os.dup(1), os.dup(2)
    sys.stdout.flush()
    os.dup2(target, 1)
    os.dup2(target, 2)
    try:
        return _measure(body, folder, repeats)
    finally:
        sys.stdout.flush()
        for fd, to in zip(kept, (1, 2), strict=True):
            os.dup2(fd, to)
            os.close(fd)


def main() -> bool:
    """Print the table and tell whether the goals are met."""
    os.environ["RUNICORN_PLUGINS"] = "console"  # what others do is measured elsewhere
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
            "file": _on(file, _whole_run_of_lines, folder),
            "terminal": _on(terminal, _whole_run_of_lines, folder),
        }
        loop = _on(terminal, functools.partial(_loop_in_a_run, n=n), folder, LOOP_REPEATS)
        os.close(terminal)
        os.close(file)
    print(f"a line of print, medians of {REPEATS} times {LINES} lines [us]")
    print("          " + "".join(f"{level:>9}" for level in LEVELS))
    more = 0.0
    for target, spent in lines.items():
        each = {level: statistics.median(spent[level]) / LINES for level in LEVELS}
        print(f"{target:>10}" + "".join(f"{each[level] * 1e6:>9.2f}" for level in LEVELS))
        more = max(more, each["all"] - each["off"])
    # Of neighbours in time, because the speed of a busy machine changes.
    ratio = statistics.median(a / b for a, b in zip(loop["all"], loop["off"], strict=True))
    print(f"a loop of 1 ms steps that prints a line each: {ratio:.4f} times (goal {GOAL_LOOP:g})")
    good = ratio <= GOAL_LOOP and more <= GOAL_LINE_S
    print(f"goal: at most {GOAL_LINE_S * 1e6:g} us more a line: {'met' if good else 'MISSED'}")
    return good

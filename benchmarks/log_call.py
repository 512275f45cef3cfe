"""The log call against its limit: one JSON encode and one ``write`` of the same line.

Each repeat measures the limit and the call in turn, in batches, so that a busy machine slows both.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

import runicorn as rn

CALLS = 2_000
REPEATS = 40
GOAL = 3.0
GOAL_P999_S = 1e-3


def _seconds_each(call: Callable[[], object]) -> list[float]:
    clock, spent = time.perf_counter, []
    for _ in range(CALLS):
        began = clock()
        call()
        spent.append(clock() - began)
    return spent


def _limit(folder: Path, data: dict[str, float]) -> Callable[[], object]:
    file = os.open(folder / "limit.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    line = {"ts": time.time(), "type": "metrics", "data": {**data, "global_step": 1, "time": 1.5}}

    def call() -> None:
        os.write(file, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    return call


def _p999(spent: list[float]) -> float:
    return sorted(spent)[int(len(spent) * 0.999)]


def measure(n_metrics: int) -> tuple[float, float, float, float]:
    """Return the medians of limit and call, their 99.9th percentiles `[s]`."""
    data = {f"train/metric_{i}": 0.1 + i / 7 for i in range(n_metrics)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = rn.init("bench", "log", storage=folder)
        limit = _limit(folder, data)
        limits: list[float] = []
        calls: list[float] = []
        for _ in range(REPEATS):
            limits += _seconds_each(limit)
            calls += _seconds_each(lambda: run.log(data))
        run.finish()
    return statistics.median(limits), statistics.median(calls), _p999(limits), _p999(calls)


def main() -> bool:
    """Print the table and tell whether the goals are met."""
    print(f"log call, {CALLS * REPEATS} calls each, medians of interleaved batches")
    print(" metrics  limit us    log us  ratio  p99.9: limit    log us")
    good = True
    for n_metrics in (5, 1000):
        limit, call, limit_tail, call_tail = measure(n_metrics)
        ratio = call / limit
        good = good and ratio <= GOAL and call_tail <= GOAL_P999_S
        print(
            f"{n_metrics:>8} {limit * 1e6:>9.2f} {call * 1e6:>9.2f} {ratio:>7.2f} "
            f"{limit_tail * 1e6:>13.1f} {call_tail * 1e6:>9.1f}"
        )
    verdict = "met" if good else "MISSED"
    print(f"goal: ratio <= {GOAL:g}, p99.9 <= {GOAL_P999_S * 1e3:g} ms: {verdict}")
    return good

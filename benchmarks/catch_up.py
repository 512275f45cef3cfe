"""Catch-up against its limit: a plain bulk insert of the same points into the same engine.

Also measured: bytes per point, a series of 100,000 points, and one page of 50 among 1,000 runs.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import runicorn as rn
from runicorn.events import encode
from runicorn.files import write_json
from runicorn.query.models import ExperimentQuery, SeriesRequest

N_STEPS = 100_000
METRICS = ("train/loss", "train/accuracy", "val/loss", "val/accuracy", "lr")
REPEATS = 3
GOAL = 0.5


def _write_run(root: Path, run_id: str, n_steps: int) -> Path:
    folder = root / "bench" / "catch-up" / "runs" / run_id
    folder.mkdir(parents=True)
    write_json(folder / "meta.json", {"id": run_id, "project": "bench", "created_at": 1.0e9})
    write_json(folder / "status.json", {"status": "finished", "started_at": 1.0e9})
    write_json(folder / "config.json", {"lr": hash(run_id) % 97 / 97})
    with (folder / "events.jsonl").open("wb") as journal:
        for step in range(n_steps):
            data = {key: (step * 31 + i) % 997 / 997 for i, key in enumerate(METRICS)}
            ts = 1.0e9 + step / 10
            journal.write(encode(ts, "metrics", {**data, "global_step": step, "time": ts}))
    return folder / "events.jsonl"


def _bulk_insert_s(folder: Path) -> float:
    """Insert as many points as the journal has, with the columns and the key of the index."""
    rows = [
        (series, step, step * 150, 1.0e9 + step / 10, step % 997 / 997, None, 1)
        for step in range(N_STEPS)
        for series in range(len(METRICS))
    ]
    database = sqlite3.connect(folder / "limit.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute(
        "CREATE TABLE points (series, step, line_offset, ts REAL, value REAL, stage, attempt,"
        " PRIMARY KEY (series, step, line_offset)) WITHOUT ROWID"
    )
    began = time.perf_counter()
    database.execute("BEGIN IMMEDIATE")
    database.executemany("INSERT INTO points VALUES (?,?,?,?,?,?,?)", rows)
    database.execute("COMMIT")
    spent = time.perf_counter() - began
    database.close()
    return spent


def _median_ms(call: Callable[[], object], repeats: int = 15) -> float:
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1e3


def _catch_up() -> float:
    limits, catch_ups = [], []
    for repeat in range(REPEATS):
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            journal = _write_run(root, f"run-{repeat}", N_STEPS)
            limits.append(_bulk_insert_s(root))
            with rn.open(root) as store:
                began = time.perf_counter()
                store.catch_up()
                catch_ups.append(time.perf_counter() - began)
                _report_reads(store, journal)
    points = N_STEPS * len(METRICS)
    limit, caught_up = statistics.median(limits), statistics.median(catch_ups)
    print(
        f"bulk insert {points / limit:,.0f} points/s, catch-up {points / caught_up:,.0f} points/s"
    )
    return limit / caught_up


def _report_reads(store: rn.Store, journal: Path) -> None:
    request = SeriesRequest(runs=[journal.parent.name], metrics=["train/loss"], px=1000)
    read_ms = _median_ms(lambda: store.series(request))
    index_bytes = sum(path.stat().st_size for path in store.root.glob("runicorn.db*"))
    print(
        f"chart of {N_STEPS:,} points at 1,000 pixels: {read_ms:.1f} ms; "
        f"index {index_bytes / journal.stat().st_size:.2f} x journal"
    )


def _list_runs() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(1000):
            _write_run(root, f"run-{number:04}", 10)
        with rn.open(root) as store:
            began = time.perf_counter()
            store.catch_up()
            first = time.perf_counter() - began
            again = _median_ms(store.catch_up, repeats=5)
            query = ExperimentQuery(project="bench", order_by="val/accuracy")
            page = _median_ms(lambda: store.experiments(query))
    print(
        f"1,000 runs: first catch-up {first:.2f} s, nothing new {again:.0f} ms, page {page:.1f} ms"
    )


def main() -> bool:
    """Print the figures and tell whether the goal is met."""
    ratio = _catch_up()
    _list_runs()
    good = ratio >= GOAL
    print(f"catch-up / bulk insert {ratio:.2f} (goal {GOAL}): {'met' if good else 'MISSED'}")
    return good

"""The index follows a run while it records, and never gets in its way."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

import runicorn as rn


def indexed_points(root: Path, run_id: str) -> int:
    """Ask the index as an SQL user would, without any catch-up of one's own."""
    index = root / "runicorn.db"
    if not index.exists():
        return 0
    database = sqlite3.connect(f"file:{index}?mode=ro", uri=True, timeout=10)
    try:
        question = "SELECT count(*) FROM metrics WHERE experiment_id = ?"
        return int(database.execute(question, [run_id]).fetchone()[0])
    except sqlite3.OperationalError:  # the tables are still to be made
        return 0
    finally:
        database.close()


def log_until(deadline: float) -> int:
    count = 0
    while time.monotonic() < deadline:
        rn.log({"a": float(count)})
        count += 1
    return count


def test_points_are_in_the_index_while_the_run_records_and_all_of_them_after_finish(
    root: Path,
) -> None:
    run = rn.init(storage=root)
    rn.log({"a": 1.0})
    deadline = time.monotonic() + 30
    while not indexed_points(root, run.id):
        assert time.monotonic() < deadline
    for step in range(100):
        rn.log({"a": float(step)})
    rn.finish()
    assert indexed_points(root, run.id) == 101


@pytest.mark.promise(1)
@pytest.mark.promise(5)
def test_an_index_that_somebody_locks_neither_stops_a_run_nor_loses_a_point(root: Path) -> None:
    root.mkdir()
    locker = sqlite3.connect(root / "runicorn.db", isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    run = rn.init(storage=root)
    count = log_until(time.monotonic() + 1.5)
    began = time.monotonic()
    rn.finish()
    assert time.monotonic() - began < 10
    locker.execute("ROLLBACK")
    locker.close()
    with rn.open(root) as store:
        store.catch_up()
        assert store.experiment(run.id).metrics_summary.total_data_points == count


@pytest.mark.promise(5)
def test_garbage_in_place_of_the_index_does_not_stop_a_run(root: Path) -> None:
    root.mkdir()
    (root / "runicorn.db").write_bytes(b"no database at all " * 500)
    run = rn.init(storage=root)
    count = log_until(time.monotonic() + 1.5)
    rn.finish()
    with rn.open(root) as store:
        store.catch_up()
        assert store.experiment(run.id).metrics_summary.total_data_points == count

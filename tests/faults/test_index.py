"""The index in trouble while a run records: locked, deleted, damaged. The run does not notice."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

import runicorn as rn


@pytest.mark.promise(5)
def test_an_index_locked_by_another_process_holds_up_neither_log_nor_finish(root: Path) -> None:
    with rn.init(storage=root) as first:
        rn.log(a=0)
    with rn.open(root) as store:
        store.catch_up()
    run = rn.init(storage=root)
    locker = sqlite3.connect(root / "runicorn.db", isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    slowest_s, began = 0.0, time.monotonic()
    try:
        while time.monotonic() - began < 3:
            start = time.monotonic()
            rn.log(a=1)
            slowest_s = max(slowest_s, time.monotonic() - start)
        start = time.monotonic()
        run.finish()
        finish_s = time.monotonic() - start
    finally:
        locker.execute("ROLLBACK")
        locker.close()
    assert slowest_s < 1
    assert finish_s < 10
    n_logged = (run.run_dir / "events.jsonl").read_bytes().count(b'"metrics"')
    assert len(rn.run_by_id(run.id, root=root).history("a")) == n_logged > 100
    assert rn.run_by_id(first.id, root=root).status == "finished"


@pytest.mark.promise(2)
@pytest.mark.promise(5)
@pytest.mark.parametrize("harm", ["delete", "garbage", "truncate"])
def test_an_index_harmed_while_recording_is_made_anew(root: Path, harm: str) -> None:
    run = rn.init(storage=root)
    for step in range(50):
        rn.log(a=step)
    assert len(rn.run_by_id(run.id, root=root).history("a")) == 50
    index = root / "runicorn.db"
    if harm == "delete":
        for path in root.glob("runicorn.db*"):
            path.unlink()
    elif harm == "garbage":
        index.write_bytes(b"no database at all" * 1000)
    else:
        with index.open("r+b") as file:
            file.truncate(5000)
    for step in range(50, 100):
        rn.log(a=step)
    run.finish()
    assert rn.run_by_id(run.id, root=root).history("a").values.tolist() == list(range(100))

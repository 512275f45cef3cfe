"""Builds roots on disk the way a recording process leaves them, and tells what an index holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runicorn.events import encode
from runicorn.files import write_json
from runicorn.index.database import Database, open_database
from runicorn.index.schema import CURSORS, TABLES
from runicorn.journal import JournalWriter
from runicorn.layout import RunDir, run_dir_at
from runicorn.store import Store

CREATED_AT = 1_700_000_000.0
FINISHED = {
    "status": "finished",
    "started_at": CREATED_AT,
    "ended_at": CREATED_AT + 60.0,
    "heartbeat_at": CREATED_AT + 60.0,
    "attempt": 1,
}


class RunOnDisk:
    """One run folder; what is left out is finished and empty."""

    def __init__(
        self, root: Path, path: Path, meta: dict[str, Any], status: dict[str, Any]
    ) -> None:
        path.mkdir(parents=True)
        self.folder: RunDir = run_dir_at(root, path)
        self.id = path.name
        self.path = path
        self.n_lines = 0
        write_json(self.folder.meta, {"id": path.name, "created_at": CREATED_AT, **meta})
        write_json(self.folder.status, status)
        self.journal = JournalWriter(self.folder.journal)

    def log(self, metrics: dict[str, Any], step: int, **more: Any) -> int:
        """Append a metrics line and return its offset."""
        return self.event("metrics", {**metrics, "global_step": step, **more})

    def event(self, kind: str, data: dict[str, Any]) -> int:
        self.n_lines += 1
        return self.raw(encode(CREATED_AT + self.n_lines, kind, data))

    def raw(self, line: bytes) -> int:
        offset = self.folder.journal.stat().st_size
        self.journal.append(line)
        return offset

    def write(self, name: str, document: dict[str, Any]) -> None:
        write_json(self.path / f"{name}.json", document)


NewRun = Callable[..., RunOnDisk]


@pytest.fixture
def new_run(root: Path) -> Iterator[NewRun]:
    """Make a run folder: ``new_run("id", project=…, name=…, status=…, config=…, tags=…)``."""
    made: list[RunOnDisk] = []

    def make(
        run_id: str = "20260101_000000_aaaaaa",
        project: str = "p",
        name: str = "n",
        status: dict[str, Any] | None = None,
        config: dict[str, Any] | None = None,
        summary: dict[str, Any] | None = None,
        **meta: Any,
    ) -> RunOnDisk:
        path = root / project / name / "runs" / run_id
        run = RunOnDisk(root, path, meta, FINISHED if status is None else status)
        for document, content in (("config", config), ("summary", summary)):
            if content is not None:
                run.write(document, content)
        made.append(run)
        return run

    yield make
    for run in made:
        run.journal.close()


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with Store(root) as store:
        yield store


@pytest.fixture
def database(root: Path) -> Iterator[Database]:
    database = open_database(root)
    yield database
    database.close()


Dump = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def dump() -> Callable[[Database], Dump]:
    """Tell all that an index holds, but for its revision, its numbers of series and its looks."""
    return dump_of


def dump_of(database: Database) -> Dump:
    with database.reading() as connection:
        held = {
            table.name: [tuple(row) for row in connection.execute(table.select())]
            for table in TABLES
            if table.name != "facts"
        }
    keys = {row[0]: row[1:3] for row in held["series"]}
    held["series"] = [row[1:] for row in held["series"]]
    held["points"] = [(*keys[row[0]], *row[1:]) for row in held["points"]]
    # What a journal looked like when it was read last is no part of an answer.
    of_looks = [list(CURSORS.c.keys()).index(name) for name in ("identity", "size_seen")]
    held["cursors"] = [
        tuple(value for at, value in enumerate(row) if at not in of_looks)
        for row in held["cursors"]
    ]
    return {name: sorted(rows, key=repr) for name, rows in held.items()}

"""Builds roots on disk the way a recording process leaves them, and tells what an index holds."""

from __future__ import annotations

import codecs
import os
import re
import select
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


SCRIPT = """
import os, subprocess, sys, threading, time
import runicorn as rn
run = rn.init("p", "n", storage=sys.argv[1], run_id=sys.argv[2], system_metrics=False)
"""


@dataclass
class Played:
    """What a script left: on its terminal or in its pipe, and in the log of its run."""

    shown: str
    log: list[str]
    code: int


Play = Callable[..., Played]


@pytest.fixture
def play(root: Path) -> Iterator[Play]:
    """Run a script that records: ``play("print(1)", terminal=True, level="all")``.

    Its two outputs are one pipe or one terminal of 24 rows and 80 columns. ``meanwhile`` is called
    with the process and what was shown so far, whenever something is shown.
    """
    processes: list[subprocess.Popen[bytes]] = []

    def run(
        script: str,
        *,
        terminal: bool = False,
        level: str = "all",
        meanwhile: Callable[[subprocess.Popen[bytes], str], None] | None = None,
        **environment: str,
    ) -> Played:
        run_id = f"run-{len(processes)}"
        reader, writer = os.openpty() if terminal else os.pipe()
        if terminal:
            termios.tcsetwinsize(writer, (24, 80))
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT + script, str(root), run_id],
            stdin=writer if terminal else subprocess.PIPE,
            stdout=writer,
            stderr=writer,
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "",
                "RUNICORN_CAPTURE_CONSOLE": level,
                **environment,
            },
            start_new_session=True,
        )
        processes.append(process)
        os.close(writer)
        shown = ""
        for text in _until_closed(reader):
            shown += text
            if meanwhile is not None:
                meanwhile(process, shown)
        log = root / "p" / "n" / "runs" / run_id / "logs.txt"
        lines = log.read_text(encoding="utf-8").split("\n")[:-1] if log.exists() else []
        assert all(re.match(r"\d\d:\d\d:\d\d \| ", line) for line in lines)
        return Played(shown, [line[11:] for line in lines], process.wait(30))

    yield run
    for process in processes:
        process.kill()
        process.wait(30)
        if process.stdin is not None:
            process.stdin.close()


def _until_closed(reader: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open(reader, "rb", buffering=0) as file:
        while select.select([file], [], [], 60)[0]:
            try:
                block = file.read(1 << 20)
            except OSError:  # how a terminal says that nobody writes any more
                return
            if not block:
                return
            yield decoder.decode(block)
    raise TimeoutError("the script shows nothing and does not end")

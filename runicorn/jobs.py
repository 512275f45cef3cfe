"""Jobs: rank 0 of a distributed job tells the others through a file which run they belong to.

``<root>/.jobs/<digest>.json`` is written by rank 0 only. A restart of the job finds it and goes on
with the same run.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runicorn import clock, processes
from runicorn.documents import integer_of, number_of, read_document, text_of
from runicorn.files import write_json
from runicorn.layout import RunDir

# How long another rank waits for rank 0 [s], and how often it looks [s].
WAIT_S = 30.0
LOOK_S = 0.05
# What rank 0 wrote so much before this process started belongs to an earlier job [s].
_SLACK_S = 60.0
# How long the file of a job is kept for a restart [s].
_KEPT_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Told:
    """What rank 0 tells.

    Attributes:
        run_id: The run.
        project: Its project.
        name: Its experiment.
        restart: Which start of the job it was told in, from 0.
    """

    run_id: str
    project: str
    name: str
    restart: int


def file_of(root: Path, job: str, ordinal: int) -> Path:
    """Spell the file of a job.

    Args:
        root: The root.
        job: What all its processes call it.
        ordinal: Which run of the job it is, from 1: all processes start them in the same order.
    """
    import hashlib

    digest = hashlib.sha256(f"{job}\n{ordinal}".encode()).hexdigest()
    return root / ".jobs" / f"{digest[:32]}.json"


def tell(path: Path, told: Told) -> None:
    """Write what the other ranks wait for.

    Raises:
        OSError: The root can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _forget_old(path.parent)
    who = {
        "pid": os.getpid(),
        "pid_started_at": processes.started_at(),
        "hostname": processes.hostname(),
    }
    run = {"run_id": told.run_id, "project": told.project, "name": told.name}
    write_json(path, {**run, "restart": told.restart, "told_at": clock.now(), **who})


def read(path: Path) -> Told | None:
    """Read what rank 0 told last, also of an earlier start of the job."""
    document, _problem = read_document(path)
    return _told(document)


def wait(path: Path, restart: int) -> Told | None:
    """Wait for what rank 0 tells in this start of the job; ``None`` when it says nothing.

    Args:
        path: The file of the job.
        restart: Which start of the job this is.
    """

    def look() -> Told | None:
        document, _problem = read_document(path)
        told = _told(document)
        is_ours = told is not None and told.restart == restart and _is_of_now(document)
        return told if is_ours else None

    return _wait(look)


def wait_for_folder(folder: RunDir) -> Told | None:
    """Wait until rank 0 has begun a run whose id all ranks know; ``None`` when it does not.

    Args:
        folder: Of the run.
    """
    told = Told(folder.id, folder.project, folder.name, 0)
    return _wait(lambda: told if folder.status.exists() else None)


def _wait(look: Callable[[], Told | None]) -> Told | None:
    until, tick = clock.monotonic() + WAIT_S, threading.Event()
    while True:
        told = look()
        if told is not None or clock.monotonic() >= until:
            return told
        tick.wait(LOOK_S)


def _forget_old(folder: Path) -> None:
    with suppress(OSError):
        for path in folder.iterdir():
            if clock.now() - path.stat().st_mtime > _KEPT_S:
                path.unlink()


def _told(document: dict[str, Any]) -> Told | None:
    run_id, restart = text_of(document, "run_id"), integer_of(document, "restart")
    project, name = text_of(document, "project"), text_of(document, "name")
    if run_id is None or project is None or name is None or restart is None:
        return None
    return Told(run_id, project, name, restart)


def _is_of_now(document: dict[str, Any]) -> bool:
    """Tell a job from an earlier one of the same name, of which a crash left the file."""
    told_at, started = number_of(document, "told_at"), processes.started_at()
    if told_at is None or (started is not None and told_at < started - _SLACK_S):
        return False
    pid = integer_of(document, "pid")
    if pid is None or text_of(document, "hostname") != processes.hostname():
        return True
    return processes.is_same_process(pid, number_of(document, "pid_started_at"))

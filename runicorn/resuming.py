"""Resuming: which earlier run `init` goes on with, and where its journal stands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runicorn import clock, processes
from runicorn.documents import integer_of, number_of, read_document, text_of
from runicorn.errors import ConflictError, JournalDamagedError, RunNotFoundError, UsageError
from runicorn.events import Event, decode, step_of
from runicorn.files import open_regular
from runicorn.layout import RunDir, iter_run_dirs, run_dir
from runicorn.states import judge

# One step back from the end of a journal [bytes].
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a run has come.

    Attributes:
        step: The last that was logged `[steps]`; 0 where nothing was.
        attempt: The attempt it was logged in, from 1.
        config: The content of ``config.json``.
        summary: The content of ``summary.json``.
    """

    step: int
    attempt: int
    config: dict[str, Any]
    summary: dict[str, Any]


def find_run(root: Path, run_id: str) -> RunDir | None:
    """Find the folder of a run by its whole id, wherever it lies below the root."""
    return next((folder for folder in iter_run_dirs(root) if folder.id == run_id), None)


def choose(root: Path, project: str, name: str, run_id: str | None, resume: str) -> RunDir | None:
    """Choose the run to go on with.

    Args:
        root: The root.
        project: Where a new run would go.
        name: Its experiment.
        run_id: The id that was asked for.
        resume: ``allow``, ``must`` or ``auto``.

    Returns:
        Its folder; ``None`` when a new run is to be started.

    Raises:
        UsageError: ``must`` needs a run id.
        RunNotFoundError: There is no such run and there must be one.
        ConflictError: It is still recording, or in the recycle bin.
    """
    if resume == "auto" and run_id is None:
        return _newest_unfinished(run_dir(root, project, name, "x").path.parent, project, name)
    if run_id is None:
        if resume == "must":
            raise UsageError("resume='must' needs run_id, the id of the run to go on with")
        return None
    here = run_dir(root, project, name, run_id)
    folder = here if here.path.is_dir() else find_run(root, run_id)
    if folder is None:
        if resume == "must":
            raise RunNotFoundError(run_id)
        return None
    _check_free(folder)
    return folder


def read_stand(folder: RunDir, journal: Path) -> Stand:
    """Read how far a run has come.

    Args:
        folder: The run.
        journal: Its journal, or that of another rank.

    Raises:
        JournalDamagedError: The journal can't be read.
    """
    status = read_document(folder.status)[0]
    step, attempt = None, integer_of(status, "attempt")
    try:
        for line in _backwards(journal):
            event = decode(0, line)
            if not isinstance(event, Event):
                continue
            if step is None and event.type == "metrics":
                step = step_of(event)
            if attempt is None and event.type == "attempt":
                attempt = integer_of(event.data, "attempt")
            if step is not None and attempt is not None:
                break
    except OSError as error:
        raise JournalDamagedError(journal, f"can't be read to go on with it: {error}") from error
    config, summary = read_document(folder.config)[0], read_document(folder.summary)[0]
    return Stand(step or 0, max(1, attempt or 1), config, summary)


def _newest_unfinished(runs: Path, project: str, name: str) -> RunDir | None:
    """Find the newest run of an experiment that did not end well and is not recording."""
    if not runs.is_dir():
        return None
    found: list[tuple[float, str]] = []
    for path in runs.iterdir():
        folder = RunDir(path, project, name)
        if not path.is_dir() or path.is_symlink() or folder.deleted.exists():
            continue
        meta, status = read_document(folder.meta)[0], read_document(folder.status)[0]
        if judge(meta, status, clock.now()).status not in {"finished", "running"}:
            found.append((number_of(meta, "created_at") or 0.0, path.name))
    return RunDir(runs / max(found)[1], project, name) if found else None


def _check_free(folder: RunDir) -> None:
    if folder.deleted.exists():
        raise ConflictError(
            f"run {folder.id} is in the recycle bin; `runicorn restore {folder.id}` brings it back"
        )
    meta, status = read_document(folder.meta)[0], read_document(folder.status)[0]
    if judge(meta, status, clock.now()).status == "running":
        host = text_of(status, "hostname") or text_of(meta, "hostname")
        pid = integer_of(status, "pid") or integer_of(meta, "pid")
        if (host, pid) == (processes.hostname(), os.getpid()):
            return  # this process itself; the claim on the journal tells whether it still records
        raise ConflictError(
            f"run {folder.id} is still recording, in process {pid} on {host}; "
            "end that one first, or leave run_id out for a run of its own"
        )


def _backwards(path: Path) -> Iterator[bytes]:
    """Iterate over the whole lines of a file, the last one first."""
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return
    with file:
        end, rest, is_tail = file.seek(0, 2), b"", True
        while end > 0:
            start = max(0, end - _BLOCK_BYTES)
            file.seek(start)
            lines = (file.read(end - start) + rest).split(b"\n")
            end, rest = start, lines[0]
            whole = lines[1:]
            if is_tail and whole:
                whole.pop()  # what stands behind the last newline does not count
                is_tail = False
            yield from reversed(whole)
        if rest and not is_tail:
            yield rest

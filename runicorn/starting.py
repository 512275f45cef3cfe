"""Starting: from what `init` is told to a run that records.

Settles what is set, which process of its job this is, and whether an earlier run is taken up; then
makes the folder and writes what stands at the beginning. What can be checked is checked before.
"""

from __future__ import annotations

import itertools
import logging
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runicorn import clock, jobs, processes, ranks
from runicorn.errors import (
    ConflictError,
    RunExistsError,
    StorageError,
    UsageError,
)
from runicorn.files import write_json
from runicorn.ids import new_run_id
from runicorn.inputs import config_of
from runicorn.layout import RunDir, run_dir
from runicorn.plugins.manager import Plugins
from runicorn.recorder import Start
from runicorn.recording import Run
from runicorn.redaction import redact_argv
from runicorn.resuming import choose, find_run, read_stand
from runicorn.settings import SETTINGS, Settings
from runicorn.silent import SilentRun
from runicorn.values import check_step, plain_document

FORMAT = 2

_log = logging.getLogger("runicorn")
# Runs that this process has started, for jobs whose processes start several in the same order.
_ordinals = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to be, settled and checked.

    Attributes:
        root: The root.
        settings: What is set, by name.
        config: Changes of the config, as JSON can hold them.
        resume_step: The last step of earlier attempts that counts `[steps]`, or ``None`` for all.
        place: Which process of its job this is.
        plugins: Its plugins.
    """

    root: Path
    settings: Mapping[str, Any]
    config: Mapping[str, Any]
    resume_step: int | None
    place: ranks.Place
    plugins: Plugins


def start(
    given: Mapping[str, Any],
    *,
    config: object = None,
    storage: str | os.PathLike[str] | None = None,
    plugins: Sequence[object] = (),
    resume_step: int | None = None,
    rank: int | None = None,
) -> Run:
    """Start a run, or take up an earlier one.

    Args:
        given: Settings that were given in code, by name; ``None`` where nothing was.
        config: Inputs of the run.
        storage: The root.
        plugins: Further plugins for this run.
        resume_step: Where to take up `[steps]`.
        rank: Which process of its job this is, where the caller knows better than the environment.

    Raises:
        UsageError: Something can't be understood; see `runicorn.init`.
        ConflictError: The run that was asked for is there or still recording.
        NotFoundError: The run that must be there is not.
        StorageError: The root can't be written.
    """
    sources = Settings()
    if isinstance(given.get("tags"), str):
        raise UsageError(f"tags is a list of texts, not the text {given['tags']!r}")
    settings = {name: sources.find(name, given.get(name)).value for name in SETTINGS}
    root = sources.find_root(storage)
    run_dir(root, settings["project"], settings["name"], settings["run_id"] or "x")
    if resume_step is not None:
        resume_step = check_step(resume_step)
    place = ranks.find_place() if rank is None else ranks.Place(rank, None, "rank")
    is_silent = settings["mode"] == "disabled" or (place.rank and settings["ranks"] == "zero")
    if is_silent:
        return _start_silent(root, settings, config, place)
    fields = config_of(config)
    loaded = Plugins(plugins, settings["plugins"])
    try:
        inputs = plain_document(fields, loaded.convert)
        wanted = Wanted(root, settings, inputs, resume_step, place, loaded)
        return _join(wanted) if place.rank else _lead(wanted)
    except OSError as error:
        loaded.close()
        if isinstance(error, StorageError | ConflictError):
            raise
        raise StorageError(
            f"{root} can't be written: {error}. RUNICORN_DIR or storage= names another folder, "
            "mode='disabled' records nothing"
        ) from error
    except BaseException:
        loaded.close()
        raise


def _start_silent(
    root: Path, settings: Mapping[str, Any], config: object, place: ranks.Place
) -> Run:
    run_id = settings["run_id"] or new_run_id()
    folder = run_dir(root, settings["project"], settings["name"], run_id)
    if settings["mode"] != "disabled" and sys.stderr is not None:
        sys.stderr.write(
            f"runicorn: this is rank {place.rank} (by {place.said_by}), which records nothing; "
            "ranks='all' lets every rank record\n"
        )
    return SilentRun(folder, root, rank=place.rank, config=config, settings=settings)


def _lead(wanted: Wanted) -> Run:
    """Start or take up the run that this process records, and tell the other ranks."""
    settings, job = wanted.settings, ranks.find_job()
    has_others = (wanted.place.world_size or 1) > 1
    file = None
    if job is not None and has_others:
        file = jobs.file_of(wanted.root, job, next(_ordinals))
    folder, is_new = _folder_for(wanted, file)
    if is_new:
        write_json(folder.meta, _meta(folder, wanted))
        opening = Start(folder)
    else:
        stand = read_stand(folder, folder.journal)
        step = stand.step if wanted.resume_step is None else wanted.resume_step
        opening = Start(folder, 0, stand.attempt + 1, step, stand.config, stand.summary)
    run = _begun(Run(opening, wanted.root, wanted.plugins, settings), wanted)
    if file is not None:
        told = jobs.Told(folder.id, folder.project, folder.name, ranks.n_restarts())
        try:
            jobs.tell(file, told)
        except OSError as error:
            _log.warning("the other ranks are not told of run %s: %s", folder.id, error)
    return run


def _join(wanted: Wanted) -> Run:
    """Record beside rank 0 into its run; silently where rank 0 says nothing in time."""
    settings, place = wanted.settings, wanted.place
    told = _hear(wanted)
    if told is None:
        wanted.plugins.close()
        folder = run_dir(wanted.root, settings["project"], settings["name"], new_run_id())
        warning = f"rank {place.rank} heard nothing of the run of rank 0, so it records nothing"
        return SilentRun(folder, wanted.root, rank=place.rank, settings=settings, warning=warning)
    folder = run_dir(wanted.root, told.project, told.name, told.run_id)
    stand = read_stand(folder, folder.journal_of(place.rank))
    step = stand.step if wanted.resume_step is None else wanted.resume_step
    opening = Start(folder, place.rank, stand.attempt, step, stand.config, stand.summary)
    return _begun(Run(opening, wanted.root, wanted.plugins, settings), wanted)


def _hear(wanted: Wanted) -> jobs.Told | None:
    """Wait for the word of rank 0; an id that all ranks were given does where no job is known."""
    job, run_id = ranks.find_job(), wanted.settings["run_id"]
    if job is not None:
        file = jobs.file_of(wanted.root, job, next(_ordinals))
        return jobs.wait(file, ranks.n_restarts())
    if run_id is None:
        return None
    project, name = wanted.settings["project"], wanted.settings["name"]
    return jobs.wait_for_folder(run_dir(wanted.root, project, name, run_id))


def _begun(run: Run, wanted: Wanted) -> Run:
    resumed_at = None if wanted.resume_step is None else wanted.resume_step + 1
    run.begin({} if run.rank else wanted.config, resumed_at_step=resumed_at)
    return run


def _folder_for(wanted: Wanted, file: Path | None) -> tuple[RunDir, bool]:
    """Return the folder of the run, and whether it is a new one."""
    settings, root = wanted.settings, wanted.root
    project, name, run_id = settings["project"], settings["name"], settings["run_id"]
    if file is not None and ranks.n_restarts():
        told = jobs.read(file)
        if told is not None:  # the launcher has started the job again: it is the same run
            folder = run_dir(root, told.project, told.name, told.run_id)
            if folder.path.is_dir():
                return folder, False
    if settings["resume"] != "never":
        folder_or_none = choose(root, project, name, run_id, settings["resume"])
        if folder_or_none is not None:
            return folder_or_none, False
    elif wanted.resume_step is not None:
        raise UsageError("resume_step says where to take up a run; resume= says which")
    return _make_folder(root, project, name, run_id), True


def _make_folder(root: Path, project: str, name: str, run_id: str | None) -> RunDir:
    if run_id is not None:
        taken = find_run(root, run_id)
        if taken is not None:
            raise RunExistsError(run_id, taken.path)
    while True:
        folder = run_dir(root, project, name, new_run_id() if run_id is None else run_id)
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.path.mkdir()
        except FileExistsError:
            if run_id is not None:
                raise RunExistsError(run_id, folder.path) from None
        else:
            return folder


def _meta(folder: RunDir, wanted: Wanted) -> dict[str, Any]:
    settings = wanted.settings
    meta = {
        "id": folder.id,
        "project": folder.project,
        "name": folder.name,
        "created_at": clock.now(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "hostname": processes.hostname(),
        "pid": os.getpid(),
        "storage_dir": str(wanted.root),
        "format": FORMAT,
        "user": _user(),
        "argv": redact_argv(sys.argv),
        "cwd": _cwd(),
        "group": settings["group"],
        "job_type": settings["job_type"],
        "notes": settings["notes"],
        "tags": settings["tags"],
        "rank": wanted.place.rank,
        "world_size": wanted.place.world_size,
        "boot_id": processes.boot_id(),
        "pid_started_at": processes.started_at(),
    }
    return plain_document(meta, lambda _key, _value: None)


def _user() -> str | None:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return None


def _cwd() -> str | None:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed meanwhile
        return None

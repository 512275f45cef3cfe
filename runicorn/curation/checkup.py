"""Checkup: what may be wrong with a root, found without changing anything but the index.

Each check answers with findings: what was looked at, how bad it is, and what to do.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import func, select

from runicorn import clock
from runicorn.curation.recycle import PURGE_PREFIX
from runicorn.curation.unpacking import IMPORT_PREFIX
from runicorn.documents import number_of, read_document
from runicorn.errors import RunicornError
from runicorn.files import open_regular
from runicorn.index.catchup import Progress, catch_up
from runicorn.index.database import Database, open_database
from runicorn.index.place import Owner, database_path, owner_of
from runicorn.index.schema import CURSORS, EXPERIMENTS, PROBLEMS
from runicorn.layout import SET_ASIDE_INDEX_FILE, RunDir, iter_run_dirs
from runicorn.states import judge

Level = Literal["ok", "note", "warning", "error"]
# Below this little gets recorded before the disk is full [bytes].
LOW_BYTES = 1 << 30
# A clock that is wrong by more makes runs look lost or not yet born [s].
MAX_SKEW_S = 60.0
# So many runs are named in one finding.
_NAMED = 5
# File systems on which another machine may write; as in the server's watch.
_SHARED = (
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse", "glusterfs", "gpfs", "lustre", "nfs", "smb"
)  # fmt: skip
_MOUNTS = Path("/proc/self/mountinfo")
_SIBLINGS = ("server", "lightning", "transformers", "keras")
# What 0.4 left beside the runs; readers pass over it.
_LEFT_BY_04 = (
    "*.lock", ".experiments_metadata.json", "*/.experiments_metadata.json", "evaluations"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: What was looked at, in a word or two.
        level: ``ok``, ``note``, ``warning`` or ``error``; only errors need somebody at once.
        message: What is there.
        advice: What to do about it; empty when nothing is to be done.
    """

    check: str
    level: Level
    message: str
    advice: str = ""


def examine(root: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Look at a root, one check after the other.

    Args:
        root: The root; it need not exist.
        progress: Told about journals that the index has not read yet.
    """
    if not root.is_dir():
        advice = "the first run makes it, or `runicorn demo`"
        yield Finding("root", "warning", f"{root} is no folder yet", advice)
        yield from _versions()
        return
    folders = list(iter_run_dirs(root))
    yield from _root(root)
    yield _kind_of_disk(root)
    yield _space(root)
    yield from _index(root, folders, progress)
    yield from _runs(folders)
    yield _torn_tails(folders)
    yield from _clock(root, folders)
    yield from _leftovers(root)
    yield from _versions()


def _root(root: Path) -> Iterator[Finding]:
    try:
        with tempfile.TemporaryFile(dir=root) as file:
            skew_s = os.fstat(file.fileno()).st_mtime - clock.now()
    except OSError as error:
        yield Finding(
            "root",
            "error",
            f"{root} can't be written: {error.strerror}",
            "runs can be read but not recorded; check its owner, mode and mount",
        )
        return
    yield Finding("root", "ok", f"{root} can be written")
    if abs(skew_s) > MAX_SKEW_S:
        yield Finding(
            "clock",
            "warning",
            f"the disk's clock is {skew_s:+.0f} s off this machine's",
            "set both by NTP; states of runs are judged by time",
        )


def _kind_of_disk(root: Path) -> Finding:
    kind = kind_of_mount(root.resolve())
    if kind.startswith(_SHARED):
        return Finding(
            "file system",
            "warning",
            f"{kind}: other machines may write here, and SQLite is not safe on it",
            "set RUNICORN_INDEX_URL to a file on a local disk, "
            "such as sqlite:////var/tmp/runicorn.db",
        )
    return Finding("file system", "ok", kind or "of an unknown kind")


def kind_of_mount(path: Path) -> str:
    """Tell the kind of file system that holds a path; empty where it is not known.

    Source: Linux manual pages, proc_pid_mountinfo(5).
    """
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:  # another system, which has no such file
        return ""
    kind, longest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:  # noqa: PLR2004 - the fifth is the mount point
            continue
        # Blanks are written as octal numbers; of mounts on one point the last is what is seen.
        point = Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4]))
        if path.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = after.split(" ")[0], len(point.parts)
    return kind


def _space(root: Path) -> Finding:
    usage = shutil.disk_usage(root)
    free = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB are free"
    if usage.free < LOW_BYTES:
        return Finding(
            "disk space", "error", free, "make room; `runicorn du` shows what takes the space"
        )
    return Finding("disk space", "ok", free)


def _index(root: Path, folders: list[RunDir], progress: Progress | None) -> Iterator[Finding]:
    try:
        place = database_path(root)
        if owner_of(place) is Owner.FOREIGN:
            yield Finding(
                "0.4", "note", f"{place} was made by 0.4", "it is set aside, never deleted"
            )
        database = open_database(root)
    except (RunicornError, OSError, sqlite3.Error) as error:
        yield _broken_index(error)
        return
    try:
        report = catch_up(database, root, progress=progress)
        yield from _agreement(database, folders, report.n_points)
    except RunicornError as error:
        yield _broken_index(error)
    finally:
        database.close()


def _broken_index(error: Exception) -> Finding:
    advice = "the runs are safe in their files; `runicorn reindex` makes the index anew"
    return Finding("index", "error", f"does not open: {error}", advice)


def _agreement(database: Database, folders: list[RunDir], n_read: int) -> Iterator[Finding]:
    with database.reading() as connection:
        n_runs = connection.execute(select(func.count()).select_from(EXPERIMENTS)).scalar_one()
        n_damaged = connection.execute(select(func.sum(CURSORS.c.n_damaged))).scalar_one() or 0
        damaged = connection.execute(select(PROBLEMS.c.run_id).distinct()).scalars().all()
    n_folders = len({folder.id for folder in folders})
    if n_runs == n_folders:
        read = f"; {n_read} points were new to it" if n_read else ""
        yield Finding("index", "ok", f"{database.path} agrees with {n_folders} runs{read}")
    else:
        advice = "`runicorn reindex` makes it anew; runs that just started are not counted yet"
        message = f"knows {n_runs} runs, {n_folders} folders lie in the root"
        yield Finding("index", "warning", message, advice)
    twice = [run_id for run_id, count in Counter(each.id for each in folders).items() if count > 1]
    if twice:
        advice = "rename or remove all folders but one; only the first by path is read"
        yield Finding("ids", "warning", f"several folders have the id {_named(twice)}", advice)
    if damaged:
        message = f"{len(damaged)} runs can't be read whole: {_named(damaged)}"
        if n_damaged:
            message += f"; {n_damaged} damaged lines in all"
        yield Finding("damage", "warning", message, "`runicorn show <id>` names file and place")
    else:
        yield Finding("damage", "ok", "every document and line can be read")


def _runs(folders: list[RunDir]) -> Iterator[Finding]:
    by_status: dict[str, list[str]] = {}
    for folder in folders:
        documents = read_document(folder.meta)[0], read_document(folder.status)[0]
        by_status.setdefault(judge(*documents, clock.now()).status, []).append(folder.id)
    for status, what in (
        ("killed", "ended without a word: their process is gone"),
        ("lost", "have given no sign for long"),
    ):
        if status in by_status:
            message = f"{len(by_status[status])} runs {what}: {_named(by_status[status])}"
            yield Finding(f"{status} runs", "note", message, "what they logged is there")
    counted = [f"{len(ids)} {status}" for status, ids in sorted(by_status.items())]
    yield Finding("runs", "ok", ", ".join(counted) or "none yet")


def _torn_tails(folders: list[RunDir]) -> Finding:
    torn = [folder.id for folder in folders if _has_torn_tail(folder.journal)]
    if torn:
        return Finding(
            "torn tails",
            "note",
            f"the journals of {len(torn)} runs end in half a line: {_named(torn)}",
            "a run that records completes it; else that line was never logged whole",
        )
    return Finding("torn tails", "ok", "every journal ends with a whole line")


def _has_torn_tail(journal: Path) -> bool:
    with suppress(OSError), open_regular(journal) as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    return False


def _clock(root: Path, folders: list[RunDir]) -> Iterator[Finding]:
    limit = clock.now() + MAX_SKEW_S
    ahead = []
    for folder in folders:
        status, meta = read_document(folder.status)[0], read_document(folder.meta)[0]
        times = (number_of(status, "heartbeat_at"), number_of(meta, "created_at"))
        if any(time is not None and time > limit for time in times):
            ahead.append(folder.id)
    if ahead:
        yield Finding(
            "clock",
            "warning",
            f"{len(ahead)} runs of {root} are from the future: {_named(ahead)}",
            "this machine's clock or that of the recording one is wrong",
        )


def _leftovers(root: Path) -> Iterator[Finding]:
    aside = root / SET_ASIDE_INDEX_FILE
    if aside.exists():
        advice = "yours to keep or delete"
        yield Finding("0.4", "note", f"{aside} is its database, set aside", advice)
    found = sorted({path for pattern in _LEFT_BY_04 for path in root.glob(pattern)})
    found = [path for path in found if not path.name.startswith("runicorn.db")]
    if found:
        message = f"{len(found)} files of 0.4 lie here, such as {found[0].relative_to(root)}"
        yield Finding("0.4", "note", message, "they are passed over")
    for prefix, what in ((IMPORT_PREFIX, "an import"), (PURGE_PREFIX, "a purge")):
        for path in sorted(root.glob(f"{prefix}*")):
            message = f"{path} was left by {what} that was cut off, or is one at work"
            yield Finding("leftovers", "note", message, "delete it when none is running")


def _versions() -> Iterator[Finding]:
    own = _version("runicorn")
    others = {name: _version(f"runicorn-{name}") for name in _SIBLINGS}
    there = {f"runicorn-{name}": found for name, found in others.items() if found is not None}
    wrong = [name for name, found in there.items() if found != own]
    python = sys.version.split()[0]
    if own is not None and wrong:
        yield Finding(
            "versions",
            "warning",
            f"runicorn is {own}, but {', '.join(f'{name} {there[name]}' for name in wrong)}",
            f"pip install {' '.join(f'{name}=={own}' for name in wrong)}",
        )
    else:
        told = f" with {', '.join(there)}" if there else ""
        message = f"runicorn {own or '(not installed)'}{told}, Python {python}"
        yield Finding("versions", "ok", message)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _named(run_ids: Sequence[str]) -> str:
    shown = ", ".join(run_ids[:_NAMED])
    return f"{shown} and {len(run_ids) - _NAMED} more" if len(run_ids) > _NAMED else shown

"""Run folders: where they lie and what their files look like from outside; only stats.

Reads names, sizes and times, never contents. Two looks that are equal mean that there is nothing
new to read.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from runicorn.index.ranks import rank_of
from runicorn.layout import RunDir, iter_run_dirs, run_dir_at
from runicorn.texts import clean

DOCUMENTS = (
    "meta.json", "status.json", "config.json", "summary.json", "annotations.json", ".deleted"
)  # fmt: skip
# A folder this young with nothing in it is a run that is just being started [s].
_YOUNG_S = 5.0
# A file that was changed less than this ago may change again without a new time: FAT counts in
# steps of 2 s, and no file system is coarser [s].
_SETTLED_S = 2.0


@dataclass(frozen=True, slots=True)
class JournalLook:
    """One look at a journal.

    Attributes:
        size: `[bytes]`; ``None`` when there is no journal, -1 when it is no regular file.
        identity: Device and inode.
        changed_at: Modification time `[ns]`; ``None`` where it may change again without a new time.
    """

    size: int | None = None
    identity: str = ""
    changed_at: int | None = None


NO_JOURNAL = JournalLook()


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a run folder.

    Attributes:
        documents: Fingerprint of the small documents: modification time, size and inode of each.
        journals: Those that are there by name, also of further ranks.
    """

    documents: str
    journals: dict[str, JournalLook]


@dataclass(slots=True)
class Found:
    """The folders below a root.

    Attributes:
        folders: The folder of each run by id.
        twins: Further folders with the same id, relative to the root; they are not read.
    """

    folders: dict[str, RunDir] = field(default_factory=dict)
    twins: dict[str, list[str]] = field(default_factory=dict)


def find(root: Path) -> Found:
    """Walk the root; of folders with the same id the first by path counts."""
    found = Found()
    for folder in iter_run_dirs(root):
        run_id = run_id_of(folder)
        other = found.folders.setdefault(run_id, folder)
        if other is not folder:
            first, second = sorted((other, folder), key=lambda each: each.path.as_posix())
            found.folders[run_id] = first
            twins = found.twins.setdefault(run_id, [])
            twins.append(relative(root, second))
    for twins in found.twins.values():
        twins.sort()
    return found


def find_some(
    root: Path,
    known: Mapping[str, str],
    told: Mapping[str, Collection[Path]],
    run_ids: Collection[str],
) -> Found | None:
    """Return the folders of some runs, as far as they lie where they did or where somebody says.

    Args:
        root: The root.
        known: Folder relative to the root by run id.
        told: Folders by run id, for those that came or moved; the first that is there counts.
        run_ids: The runs.

    Returns:
        ``None`` when one of them has to be looked for.
    """
    found = Found()
    for run_id in run_ids:
        places = [root / known[run_id]] if run_id in known else []
        places += sorted(told.get(run_id, ()))
        path = next((place for place in places if place.is_dir()), None)
        if path is None:
            return None
        found.folders[run_id] = run_dir_at(root, path)
    return found


def relative(root: Path, folder: RunDir) -> str:
    """Spell a folder relative to the root, with ``/`` on every system."""
    return clean(folder.path.relative_to(root).as_posix())


def run_id_of(folder: RunDir) -> str:
    """Return a run's id as a database takes it; a folder may be named in any bytes."""
    return clean(folder.id)


def is_gone(path: Path) -> bool:
    """Tell a folder that is gone from one that can't be reached for now."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def look_at(folder: RunDir) -> Look | None:
    """Look at a folder; ``None`` when it can't be read or is just being made."""
    looked_at = time.time()
    files: dict[str, os.stat_result] = {}
    try:
        with os.scandir(folder.path) as entries:
            for entry in entries:
                if entry.name in _DOCUMENTS or rank_of(entry.name) is not None:
                    with suppress(OSError):  # a link that leads nowhere hides no run
                        files[entry.name] = os.stat(entry.path)  # noqa: PTH116 - Path costs more
    except OSError:
        return None
    journals = {name: files.pop(name) for name in list(files) if name not in _DOCUMENTS}
    has_lines = any(journal.st_size for journal in journals.values())
    if not files and not has_lines and _is_young(folder.path):
        return None
    documents = ";".join(
        f"{name}:{file.st_mtime_ns}:{file.st_size}:{file.st_ino}"
        for name, file in sorted(files.items())
    )
    return Look(
        documents, {name: _look_at_journal(file, looked_at) for name, file in journals.items()}
    )


def _look_at_journal(journal: os.stat_result, looked_at: float) -> JournalLook:
    size = journal.st_size if stat.S_ISREG(journal.st_mode) else -1
    is_settled = looked_at - journal.st_mtime > _SETTLED_S
    changed_at = journal.st_mtime_ns if is_settled else None
    return JournalLook(size, f"{journal.st_dev}:{journal.st_ino}", changed_at)


_DOCUMENTS = frozenset(DOCUMENTS)


def _is_young(path: Path) -> bool:
    try:
        return abs(time.time() - path.stat().st_mtime) < _YOUNG_S
    except OSError:
        return True

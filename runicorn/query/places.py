"""Places: which run a path below the root, or a text, may be of; only names are read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runicorn.layout import RUNS, RunDir, run_dir_at
from runicorn.texts import clean

# The longest name that a folder can have on the usual file systems [bytes].
MAX_NAME_BYTES = 255
# Lies beside the projects and holds no runs.
ARTIFACTS = "artifacts"
# What a run's folder holds beside its documents and its journal.
NOT_INDEXED = frozenset(
    path.name for path in (RunDir(Path(), "", "").logs, RunDir(Path(), "", "").media)
)
# How a byte of a folder's name that is no UTF-8 stands in the id of its run (`runicorn.texts`).
_ESCAPED_BYTE = re.compile(r"\\udc[89a-f][0-9a-f]")


@dataclass(frozen=True, slots=True)
class Touched:
    """What a changed path is of.

    Attributes:
        run_id: The run whose documents or journal it may be of.
        folder: The folder of that run.
        is_above_runs: Whether it lies above all runs, so that runs may have come or gone with it.
    """

    run_id: str | None = None
    folder: Path | None = None
    is_above_runs: bool = False


def touched_run(root: Path, path: Path) -> Touched:
    """Tell what a changed path is of; logs, media and artifacts are of nothing that is indexed."""
    parts = path.relative_to(root).parts
    if parts and (parts[0] == ARTIFACTS or parts[0].startswith(".")):
        return Touched()
    if RUNS not in parts[:-1]:
        return Touched(is_above_runs=True)
    folder = run_dir_at(root, root.joinpath(*parts[: parts.index(RUNS) + 2]))
    is_log = path.parent == folder.path and path.match("logs*.txt")
    if is_log or folder.media in {path, *path.parents}:
        return Touched()
    return Touched(run_id=clean(folder.id), folder=folder.path)


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder in which something may change that concerns runs.

    Attributes:
        path: The folder.
        is_run: Whether it is a run's; otherwise it lies above runs.
    """

    path: Path
    is_run: bool


def walk_watched(root: Path, folder: Path) -> Iterator[Watched]:
    """Walk a folder and those below it, down to those of the runs.

    A folder is told before what is in it is listed, so who watches it at once misses nothing.
    Links are not followed, and what can't be read is passed over.
    """
    waiting = [Watched(folder, is_run=is_run(root, folder))]
    while waiting:
        each = waiting.pop()
        yield each
        if not each.is_run:
            waiting += _children(root, each.path)


def _children(root: Path, folder: Path) -> list[Watched]:
    are_runs = folder != root and folder.name == RUNS
    try:
        with os.scandir(folder) as entries:
            return [
                Watched(Path(entry.path), are_runs)
                for entry in entries
                if is_watched(root, folder, entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []


def is_watched(root: Path, folder: Path, name: str) -> bool:
    """Tell whether a folder of this name may hold runs, or be one's."""
    return not name.startswith(".") and not (name == ARTIFACTS and folder == root)


def is_run(root: Path, folder: Path) -> bool:
    """Tell whether a folder lies where a run's does."""
    parts = folder.relative_to(root).parts
    return RUNS in parts and parts.index(RUNS) == len(parts) - 2


def may_be_run_id(text: str) -> bool:
    """Tell whether a folder of a run can have this name, so that no tree is walked for nothing."""
    text = _ESCAPED_BYTE.sub("?", text)
    if not text or text.startswith(".") or any(mark in text for mark in "/\\\0"):
        return False
    try:
        return len(text.encode()) <= MAX_NAME_BYTES
    except UnicodeEncodeError:  # half a character, as JSON can hold it
        return False

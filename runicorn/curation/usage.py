"""Usage: how much space runs, artifacts and the index take; only stats, nothing is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runicorn.layout import INDEX_FILE, RunDir, iter_run_dirs


@dataclass(frozen=True, slots=True)
class RunUsage:
    """The space of one run.

    Attributes:
        n_bytes: Sizes of its files; one with several hard links counts once `[bytes]`.
    """

    folder: RunDir
    n_bytes: int
    n_files: int
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """The space of a root, in bytes.

    Attributes:
        runs: The largest first.
        artifacts_bytes: The pool and the versions, shared content once.
        index_bytes: The index; deleting it loses nothing.
        other_bytes: What belongs to none of these.
    """

    runs: list[RunUsage]
    artifacts_bytes: int
    index_bytes: int
    other_bytes: int

    @property
    def total_bytes(self) -> int:
        return (
            sum(run.n_bytes for run in self.runs)
            + self.artifacts_bytes
            + self.index_bytes
            + self.other_bytes
        )

    @property
    def deleted_bytes(self) -> int:
        return sum(run.n_bytes for run in self.runs if run.is_deleted)


def measure(root: Path, progress: Callable[[int, int], None] | None = None) -> Usage:
    """Measure a root.

    Args:
        root: The root; one that is missing is empty.
        progress: Called with (runs done, runs in all).
    """
    folders = list(iter_run_dirs(root))
    seen: set[tuple[int, int]] = set()
    runs = []
    for number, folder in enumerate(folders, start=1):
        n_bytes, n_files = _size(folder.path, seen)
        runs.append(RunUsage(folder, n_bytes, n_files, folder.deleted.exists()))
        if progress is not None:
            progress(number, len(folders))
    runs.sort(key=lambda run: (-run.n_bytes, run.folder.id))
    artifacts_bytes, _ = _size(root / "artifacts", seen)
    index_bytes = sum(_file_size(path) for path in root.glob(f"{INDEX_FILE}*"))
    skipped = {folder.path for folder in folders} | {root / "artifacts"}
    rest, _ = _size(root, seen, skipped)
    return Usage(runs, artifacts_bytes, index_bytes, max(0, rest - index_bytes))


def run_bytes(folder: RunDir) -> int:
    """Return the space of one run `[bytes]`."""
    return _size(folder.path, set())[0]


def _size(
    folder: Path, seen: set[tuple[int, int]], skipped: set[Path] | None = None
) -> tuple[int, int]:
    """Return the bytes and the number of files below a folder; links are not followed."""
    n_bytes = n_files = 0
    for path, folders, names in os.walk(folder):
        if skipped:
            folders[:] = [name for name in folders if Path(path, name) not in skipped]
        for name in names:
            try:
                found = os.lstat(os.path.join(path, name))  # noqa: PTH118 - millions of files
            except OSError:
                continue
            n_files += 1
            if found.st_nlink > 1:
                if (found.st_dev, found.st_ino) in seen:
                    continue
                seen.add((found.st_dev, found.st_ino))
            n_bytes += found.st_size
    return n_bytes, n_files


def _file_size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0

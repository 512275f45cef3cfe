"""Layout: the only file that spells paths of a root and of a run directory.

<root>/<project>/<name>/runs/<run_id>/{meta,status,config,summary}.json, events.jsonl, logs.txt
<root>/runs/<run_id>/                      an older flat layout: read, never written
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runicorn.ids import check_name, check_project, check_run_id
from runicorn.texts import clean

RUNS = "runs"
INDEX_FILE = "runicorn.db"
SET_ASIDE_INDEX_FILE = "runicorn.db.0.4"
JOURNAL_FILE = "events.jsonl"
MEDIA_FOLDER = "media"
# Folders that lie beside the projects and hold no runs of their own.
_NOT_PROJECTS = frozenset({"artifacts", RUNS})


@dataclass(frozen=True, slots=True)
class RunDir:
    """The files of one run.

    Attributes:
        path: The run's folder.
        project: From the folder's place, as an answer can hold it (`runicorn.texts.clean`); empty
            in the flat layout.
        name: From the folder's place, parts joined by ``/``; empty in the flat layout.
    """

    path: Path
    project: str
    name: str

    @property
    def id(self) -> str:
        """The run's id: the name of its folder, as an answer can hold it."""
        return clean(self.path.name)

    @property
    def meta(self) -> Path:
        return self.path / "meta.json"

    @property
    def status(self) -> Path:
        return self.path / "status.json"

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL_FILE

    @property
    def logs(self) -> Path:
        return self.path / "logs.txt"

    def journal_of(self, rank: int) -> Path:
        return self.path / f"events-{rank}.jsonl" if rank else self.journal

    def logs_of(self, rank: int) -> Path:
        return self.path / f"logs-{rank}.txt" if rank else self.logs

    @property
    def environment(self) -> Path:
        return self.path / "environment.json"

    @property
    def code_diff(self) -> Path:
        return self.path / "code.diff"

    @staticmethod
    def earlier(path: Path, number: int) -> Path:
        """Spell where an earlier attempt's file is kept: ``environment-1.json``."""
        return path.with_name(f"{path.stem}-{number}{path.suffix}")

    @property
    def artifacts_created(self) -> Path:
        return self.path / "artifacts_created.json"

    @property
    def artifacts_used(self) -> Path:
        return self.path / "artifacts_used.json"

    @property
    def media(self) -> Path:
        return self.path / MEDIA_FOLDER

    @property
    def annotations(self) -> Path:
        return self.path / "annotations.json"

    @property
    def deleted(self) -> Path:
        return self.path / ".deleted"


def run_dir(root: Path, project: str, name: str, run_id: str) -> RunDir:
    """Spell the directory of a run; the parts are checked, nothing is created.

    Raises:
        InvalidNameError: A part can't be a folder's name.
    """
    project, name, run_id = check_project(project), check_name(name), check_run_id(run_id)
    return RunDir(root.joinpath(project, *name.split("/"), RUNS, run_id), project, name)


def run_dir_at(root: Path, path: Path) -> RunDir:
    """Tell project and name of a run directory from where it lies below the root."""
    parts = path.relative_to(root).parts
    if len(parts) == 2:  # noqa: PLR2004 - runs/<run_id>: the flat layout
        return RunDir(path, "", "")
    return RunDir(path, clean(parts[0]), clean("/".join(parts[1:-2])))


def iter_run_dirs(root: Path) -> Iterator[RunDir]:
    """Walk all run directories below a root, in no particular order.

    Symbolic links are not followed, so a link in the tree can't lead the walk out of the root.
    Folders that vanish or refuse to be read during the walk are passed over.
    """
    yield from _runs_in(root / RUNS, "", "")
    for project in _folders(root):
        if project not in _NOT_PROJECTS:
            yield from _walk(root / project, clean(project), "")


def _walk(folder: Path, project: str, name: str) -> Iterator[RunDir]:
    for entry in _folders(folder):
        if entry == RUNS and name:
            yield from _runs_in(folder / RUNS, project, name)
        else:
            part = clean(entry)
            yield from _walk(folder / entry, project, f"{name}/{part}" if name else part)


def _runs_in(folder: Path, project: str, name: str) -> Iterator[RunDir]:
    for run_id in _folders(folder):
        yield RunDir(folder / run_id, project, name)


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []

"""Finding the folder of a run by its id or the beginning of it, straight from the files."""

from __future__ import annotations

import difflib
from pathlib import Path

from runicorn import clock
from runicorn.documents import read_document
from runicorn.errors import ConflictError, NotFoundError, RunNotFoundError
from runicorn.layout import RunDir, iter_run_dirs
from runicorn.states import judge

# So many candidates are named when a prefix fits several runs.
_SHOWN = 3
# How much an id must have in common with what was typed to be named, and how long a part of one is.
_LIKENESS, _MIN_PART = 0.75, 4


def folders_by_id(root: Path) -> dict[str, RunDir]:
    """Return the folder of every run, those in the recycle bin included.

    Of two folders with one id the first by path counts, as in the index.
    """
    folders: dict[str, RunDir] = {}
    for folder in iter_run_dirs(root):
        other = folders.setdefault(folder.id, folder)
        if other is not folder and folder.path.as_posix() < other.path.as_posix():
            folders[folder.id] = folder
    return folders


def find_run(root: Path, text: str, *, is_deleted: bool | None = False) -> RunDir:
    """Find one run.

    Args:
        root: The root.
        text: The run's id, or a beginning of it that no other run has.
        is_deleted: Whether it must be in the recycle bin; ``None`` takes both.

    Raises:
        RunNotFoundError: No run has this id.
        NotFoundError: Several begin with the text, or the run is on the wrong side of the bin.
    """
    return find_runs(root, [text], is_deleted=is_deleted)[0]


def find_runs(root: Path, texts: list[str], *, is_deleted: bool | None = False) -> list[RunDir]:
    """Find several runs with one walk of the tree, in the order given, none twice; see `find_run`.

    Raises:
        RunNotFoundError: No run has one of the ids.
        NotFoundError: One of the texts fits several runs, or a run on the wrong side of the bin.
    """
    known = folders_by_id(root)
    found = [_match(known, text) for text in texts]
    for folder in found:
        if is_deleted is not None and folder.deleted.exists() != is_deleted:
            raise NotFoundError(_why_wrong_side(folder.id, is_deleted=not is_deleted))
    return list({folder.id: folder for folder in found}.values())


def check_not_recording(folder: RunDir, act: str) -> None:
    """Refuse what would pull the folder away under a process that records into it.

    Args:
        folder: The run.
        act: What was asked for, such as ``moved``.

    Raises:
        ConflictError: The run is still recording.
    """
    meta, status = read_document(folder.meta)[0], read_document(folder.status)[0]
    if judge(meta, status, clock.now()).status == "running":
        raise ConflictError(
            f"run {folder.id} is still recording, so it can't be {act}; wait until it has ended"
        )


def _match(known: dict[str, RunDir], text: str) -> RunDir:
    if text in known:
        return known[text]
    candidates = sorted(run_id for run_id in known if text and run_id.startswith(text))
    if not candidates:
        raise RunNotFoundError(text, close=_like(known, text))
    if len(candidates) > 1:
        more = f" and {len(candidates) - _SHOWN} more" if len(candidates) > _SHOWN else ""
        raise NotFoundError(
            f"{text!r} is the beginning of {len(candidates)} runs: "
            f"{', '.join(candidates[:_SHOWN])}{more}. Give more of the id."
        )
    return known[candidates[0]]


def _like(known: dict[str, RunDir], text: str) -> list[str]:
    """Return the ids that look like a text: mistyped, or a later part of them."""
    if not text:
        return []
    if len(text) >= _MIN_PART and (ending := sorted(each for each in known if text in each)):
        return ending[-_SHOWN:]
    return difflib.get_close_matches(text, known, n=_SHOWN, cutoff=_LIKENESS)


def _why_wrong_side(run_id: str, *, is_deleted: bool) -> str:
    if is_deleted:
        return f"run {run_id} is in the recycle bin; `runicorn restore {run_id}` brings it back"
    return f"run {run_id} is not in the recycle bin"

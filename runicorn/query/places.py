"""Places: which run a path below the root, or a text, may be of; nothing is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runicorn.layout import RUNS, run_dir_at

# The longest name that a folder can have on the usual file systems [bytes].
MAX_NAME_BYTES = 255
# Lies beside the projects and holds no runs.
ARTIFACTS = "artifacts"


@dataclass(frozen=True, slots=True)
class Touched:
    """What a changed path is of.

    Attributes:
        run_id: The run whose documents or journal it may be of.
        is_above_runs: Whether it lies above all runs, so that runs may have come or gone with it.
    """

    run_id: str | None = None
    is_above_runs: bool = False


def touched_run(root: Path, path: Path) -> Touched:
    """Tell what a changed path is of; logs, media and artifacts are of nothing that is indexed."""
    parts = path.relative_to(root).parts
    if parts and (parts[0] == ARTIFACTS or parts[0].startswith(".")):
        return Touched()
    if RUNS not in parts[:-1]:
        return Touched(is_above_runs=True)
    folder = run_dir_at(root, root.joinpath(*parts[: parts.index(RUNS) + 2]))
    if folder.logs == path or folder.media in {path, *path.parents}:
        return Touched()
    return Touched(run_id=folder.id)


def may_be_run_id(text: str) -> bool:
    """Tell whether a folder of a run can have this name, so that no tree is walked for nothing."""
    if not text or text.startswith(".") or any(mark in text for mark in "/\\\0"):
        return False
    try:
        return len(text.encode()) <= MAX_NAME_BYTES
    except UnicodeEncodeError:  # half a character, as JSON can hold it
        return False

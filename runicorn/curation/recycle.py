"""The recycle bin: runs are marked as deleted, restored, and in the end purged.

Deleting writes the marker ``.deleted`` into the run's folder and moves nothing, so that a run that
is still recording goes on undisturbed. Purging takes the folder off the tree in one rename before
its files are removed: a run is whole or gone, wherever the purge is cut off.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from runicorn import clock
from runicorn.curation.finding import check_not_recording
from runicorn.documents import read_document, text_of
from runicorn.files import write_json
from runicorn.layout import RunDir

# What a purge that was cut off leaves in the root; readers pass over names with a dot.
PURGE_PREFIX = ".purge-"


def delete(folder: RunDir, reason: str | None = None) -> bool:
    """Put a run into the recycle bin.

    Args:
        folder: The run.
        reason: Why, for whoever finds it there.

    Returns:
        False when it was there already.

    Raises:
        OSError: The marker can't be written.
    """
    if folder.deleted.exists():
        return False
    status = text_of(read_document(folder.status)[0], "status")
    marker = {"deleted_at": clock.now(), "reason": reason, "original_status": status}
    write_json(folder.deleted, marker)
    return True


def restore(folder: RunDir) -> bool:
    """Take a run out of the recycle bin.

    Returns:
        False when it was not there.

    Raises:
        OSError: The marker can't be removed.
    """
    try:
        folder.deleted.unlink()
    except FileNotFoundError:
        return False
    return True


def purge(root: Path, folder: RunDir) -> None:
    """Remove a run for good; artifacts that it made stay.

    Raises:
        ConflictError: The run is still recording.
        OSError: A file can't be removed; what is left of the run is no longer listed.
    """
    check_not_recording(folder, "purged")
    delete(folder, "purge")
    aside = root / f"{PURGE_PREFIX}{secrets.token_hex(4)}"
    try:
        folder.path.rename(aside)
    except OSError:  # a project on a file system of its own: remove it where it lies
        aside = folder.path
    shutil.rmtree(aside)
    remove_empty_parents(root, folder)


def remove_empty_parents(root: Path, folder: RunDir) -> None:
    """Remove the folders above a run that is gone, as far as nothing else lies in them."""
    with suppress(OSError, ValueError):
        for parent in folder.path.parents:
            if parent == root or not parent.is_relative_to(root):
                return
            parent.rmdir()

"""Moving a run to another project or name: one rename of its folder, nothing is rewritten.

Readers take project and name from the place of the folder, and the index follows by itself with the
next catch-up.
"""

from __future__ import annotations

import errno
from pathlib import Path

from runicorn.curation.finding import check_not_recording
from runicorn.curation.recycle import remove_empty_parents
from runicorn.errors import ConflictError, StorageError
from runicorn.layout import RunDir, run_dir


def move(root: Path, folder: RunDir, project: str, name: str) -> RunDir:
    """Move a run.

    Args:
        root: The root.
        folder: The run.
        project: The project it shall belong to.
        name: The experiment it shall belong to.

    Returns:
        Where it lies now.

    Raises:
        InvalidNameError: A name can't be a folder's name.
        ConflictError: The run is still recording, the place is taken, or behind a symbolic link.
        StorageError: The target is on another file system.
        OSError: The disk refused.
    """
    target = run_dir(root, project, name, folder.id)
    if target.path == folder.path:
        raise ConflictError(f"run {folder.id} is in {target.project}/{target.name} already")
    check_not_recording(folder, "moved")
    place(root, folder.path, target)
    remove_empty_parents(root, folder)
    return target


def place(root: Path, source: Path, target: RunDir) -> None:
    """Rename a folder to the place of a run, which must be free.

    Raises:
        ConflictError: The place is taken, or a symbolic link on the way leads elsewhere.
        StorageError: It is on another file system.
        OSError: The disk refused.
    """
    _check_no_links(root, target.path)
    if target.path.exists():
        raise ConflictError(f"{target.path} exists already; nothing is overwritten")
    target.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.rename(target.path)
    except OSError as error:
        # A folder that appeared there meanwhile.
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            raise ConflictError(f"{target.path} exists already") from error
        if error.errno == errno.EXDEV:
            raise StorageError(
                f"{target.path.parent} is on another file system than {source.parent}; "
                "use `runicorn export --format zip` and `runicorn import`"
            ) from error
        raise


def _check_no_links(root: Path, path: Path) -> None:
    # Readers do not follow links, so what is put behind one would vanish from the list.
    for parent in path.parents:
        if parent == root:
            return
        if parent.is_symlink():
            raise ConflictError(f"{parent} is a symbolic link, behind which no run is listed")

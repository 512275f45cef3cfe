"""Roots: the one a command is about, and its runs by the words a user gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runicorn.cli.progress import progress
from runicorn.curation.finding import find_run, folders_by_id
from runicorn.documents import number_of, read_document
from runicorn.errors import IndexUnavailableError, NotFoundError
from runicorn.layout import RunDir
from runicorn.settings import find_root

if TYPE_CHECKING:
    from runicorn.store import Store


def existing_root(given: Path | None) -> Path:
    """Return the root of a command.

    Raises:
        NotFoundError: There is no such folder.
        UsageError: A settings file can't be understood.
    """
    root = find_root(given)
    if not root.is_dir():
        raise NotFoundError(
            f"there is no root at {root}; --root or RUNICORN_DIR say another one, "
            "`runicorn demo` makes one to look at"
        )
    return root


@contextmanager
def opened(root: Path, run_ids: Sequence[str] | None = None) -> Iterator[Store]:
    """Give a store whose index is up to the files.

    Args:
        root: The root.
        run_ids: Only these runs are caught up; all when ``None``.

    Raises:
        IndexUnavailableError: Neither the root's own index nor a spare one can be used.
    """
    # SQL is imported by commands that ask the index, not by all.
    from runicorn.store import Store

    with Store(root) as store:
        with progress("reading journals", "runs") as told:
            try:
                store.catch_up(run_ids, progress=told)
            except IndexUnavailableError as error:
                store.stand_in(error)  # the runs are safe in their files
                store.catch_up(run_ids, progress=told)
        yield store


def run_of(root: Path, text: str | None) -> RunDir:
    """Return the run that a text names, in the recycle bin or not; the newest when ``None``.

    Raises:
        RunNotFoundError: No run has this id.
        NotFoundError: Several begin with it, or there is none at all.
    """
    if text is not None:
        return find_run(root, text, is_deleted=None)
    folders = [each for each in folders_by_id(root).values() if not each.deleted.exists()]
    if not folders:
        raise NotFoundError(f"there are no runs in {root} yet")
    return max(folders, key=lambda each: (_created_at(each), each.id))


def _created_at(folder: RunDir) -> float:
    meta, _problem = read_document(folder.meta)
    return number_of(meta, "created_at") or 0.0

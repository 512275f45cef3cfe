"""The place of the index: which file it is, whose it is, and how to set it aside.

What stands at the place may be ours, outdated, damaged, or the database of the public release 0.4.
The last is renamed and never deleted or overwritten; a damaged one of ours is a lost cache.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum
from pathlib import Path

import platformdirs
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from runicorn.errors import IndexUnavailableError
from runicorn.index.schema import APPLICATION_ID, SCHEMA_NUMBER
from runicorn.layout import INDEX_FILE, SET_ASIDE_INDEX_FILE
from runicorn.settings import INDEX_VARIABLE

BUSY_S = 10.0
# Beside a database lie its write-ahead log and that log's shared index.
_COMPANIONS = ("-wal", "-shm")
_LOCK_PAUSE_S = 0.01


class Owner(Enum):
    """Whose database a file is."""

    NOBODY = "nothing is there, or nothing is in it"
    OURS = "made by this schema"
    OUTDATED = "made by another schema of ours"
    FOREIGN = "made by somebody else, such as the public release 0.4"
    DAMAGED = "no database that can be read"


def database_path(root: Path) -> Path:
    """Return the file that the index of a root lies in.

    In the root itself; in the user's cache folder where the root can't be written.

    Raises:
        IndexUnavailableError: ``RUNICORN_INDEX_URL`` names no SQLite file.
    """
    url = os.environ.get(INDEX_VARIABLE)
    if not url:
        path = root / INDEX_FILE
        return path if _may_be_written(root, path) else cached_path(root)
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise IndexUnavailableError(f"{INDEX_VARIABLE} is no database URL: {error}") from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise IndexUnavailableError(
            f"{INDEX_VARIABLE} names {parsed.render_as_string()}; only a file of SQLite is "
            "supported for now, such as sqlite:////fast/disk/runicorn.db"
        )
    return Path(parsed.database).absolute()


def cached_path(root: Path) -> Path:
    """Return where the index of a root lies that can't hold it: in the user's cache folder."""
    digest = hashlib.blake2b(os.fsencode(root.absolute()), digest_size=8).hexdigest()
    return platformdirs.user_cache_path("runicorn") / "index" / f"{digest}.db"


def owner_of(path: Path) -> Owner:
    """Tell whose database a file is; a missing one is nobody's.

    Raises:
        sqlite3.OperationalError: It can't be opened.
    """
    if not path.exists():
        return Owner.NOBODY
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_S)) as file:
            application = file.execute("PRAGMA application_id").fetchone()[0]
            number = file.execute("PRAGMA user_version").fetchone()[0]
            is_empty = not file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return Owner.DAMAGED
        raise
    if application == APPLICATION_ID:
        return Owner.OURS if number == SCHEMA_NUMBER else Owner.OUTDATED
    return Owner.NOBODY if is_empty else Owner.FOREIGN


def is_damage(error: BaseException | None) -> bool:
    """Tell whether SQLite says that the file itself is broken."""
    # The lowest byte is the primary code. Source: SQLite, "Result and Error Codes".
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def set_aside_foreign(path: Path) -> Path:
    """Rename somebody else's database to the first free name and return it."""
    first = path.with_name(SET_ASIDE_INDEX_FILE if path.name == INDEX_FILE else f"{path.name}.0.4")
    target, number = first, 0
    while target.exists():
        number += 1
        target = first.with_name(f"{first.name}.{number}")
    _move(path, target)
    return target


def set_aside_damaged(path: Path) -> Path:
    """Rename a damaged database of ours, replacing an earlier one; it is a cache of the files."""
    target = path.with_name(f"{path.name}.damaged")
    _move(path, target)
    return target


def _may_be_written(root: Path, path: Path) -> bool:
    """Tell a root that is read-only, or whose index somebody else keeps, from any other."""
    if not root.is_dir():
        return True  # it is still to be made, or in the way, which opening it tells
    return os.access(root, os.W_OK) and (not path.is_file() or os.access(path, os.W_OK))


def _move(path: Path, target: Path) -> None:
    # The log goes first: a database without its log is older, a log without its database is taken
    # for the log of the next database of that name.
    for end in (*_COMPANIONS, ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).replace(target.with_name(target.name + end))


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one process at a time prepare the place.

    Raises:
        IndexUnavailableError: Another process held it for longer than 10 s.
        OSError: The lock file can't be made.
    """
    with path.with_name(f"{path.name}.lock").open("ab") as file:
        limit = time.monotonic() + BUSY_S
        while not _try_lock(file.fileno()):
            if time.monotonic() > limit:
                raise IndexUnavailableError(f"{path} is being prepared by another process")
            time.sleep(_LOCK_PAUSE_S)
        yield  # closing the file releases the lock, and so does the end of the process


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True

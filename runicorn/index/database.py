"""The database of the index: opened, prepared and spoken to in transactions.

Writes the index file only. Any number of processes may open one that is not there yet; what is
damaged or outdated is made anew, because the files of the runs are the truth.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Pool, Table, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from runicorn.errors import IndexUnavailableError, IndexUnfinishedError
from runicorn.index import functions, place, schema
from runicorn.index.place import BUSY_S, Owner

# Pages of the database kept in memory by a connection, in KiB when negative.
# Source: SQLite, "PRAGMA cache_size".
_CACHE = -16_384
_MAX_CONNECTIONS = 64
_NOTE_REACH = (
    "INSERT INTO facts VALUES ('reach', ?)"
    " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
)

_log = logging.getLogger("runicorn")


class Reach(IntEnum):
    """How far the index has come since it was made, over all runs that there were."""

    BEGUN = 0
    LISTED = 1  # every run is in it, with what its documents say
    READ = 2  # so are the points of all journals


def open_database(root: Path) -> Database:
    """Open the index of a root and make what is missing.

    Raises:
        IndexUnavailableError: It can't be opened or made; the runs are safe in their files.
    """
    database = Database(place.database_path(root))
    try:
        database.revision()
    except BaseException:
        database.close()
        raise
    return database


class Database:
    """One SQLite file in WAL mode; may be used from any thread.

    Attributes:
        path: The file.
        n_rebuilt: How often this object found the file missing or damaged and made it anew.
        must_list_all: Whether `answering` refuses an index that does not list all runs yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_rebuilt = 0
        self.must_list_all = False
        self._engine = _make_engine(path)
        self._identity: tuple[int, int] | None = None
        self._is_damaged = False
        self._preparing = threading.RLock()
        self._writing = threading.Lock()
        _open_databases.add(self)

    def close(self) -> None:
        """Close all connections; may be called twice."""
        self._engine.dispose()
        self._identity = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the index until the block ends.

        Raises:
            IndexUnavailableError: The database did not do what was asked.
        """
        with self._plain_errors():
            self._prepare()
            with self._engine.connect() as connection, connection.begin():
                yield connection

    @contextmanager
    def answering(self) -> Iterator[Connection]:
        """Give a connection like `reading` to a question whose answer counts on all runs.

        Raises:
            IndexUnfinishedError: All runs must be listed, and they aren't yet.
            IndexUnavailableError: The database did not do what was asked.
        """
        with self.reading() as connection:
            # Looked at in the transaction of the answer: the file may go at any moment before it.
            if self.must_list_all and reach_of(connection) < Reach.LISTED:
                raise IndexUnfinishedError(f"{self.path} is being made anew and lacks runs yet")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that alone may write; an exception undoes the whole block.

        Raises:
            IndexUnavailableError: The database did not do what was asked.
        """
        with self._plain_errors(), self._one_writer():
            self._prepare()
            with (
                self._engine.connect().execution_options(is_writing=True) as connection,
                connection.begin(),
            ):
                self._check_schema(connection)
                yield connection
                connection.execute(
                    schema.FACTS.update()
                    .where(schema.FACTS.c.name == "revision")
                    .values(value=schema.FACTS.c.value + 1)
                )

    def revision(self) -> int:
        """Return a number that changes whenever the index changed, also by another process."""
        with self.reading() as connection:
            return _revision(connection)

    def reach(self) -> Reach:
        """Tell how far the index has come since it was made, by whatever process."""
        with self.reading() as connection:
            return reach_of(connection)

    def note_reach(self, reach: Reach, n_rebuilt: int) -> None:
        """Note how far the index has come, unless it was made anew meanwhile.

        Args:
            reach: What was done; the furthest that was noted counts.
            n_rebuilt: The number of this database before it was done.
        """
        if self.reach() >= reach:
            return
        with self.writing() as connection:
            if self.n_rebuilt == n_rebuilt:
                connection.exec_driver_sql(_NOTE_REACH, (int(reach),))

    def clear(self) -> None:
        """Drop everything and make empty tables."""
        with self.writing() as connection:
            revision = _revision(connection)
            schema.drop(connection)
            schema.create(connection, max(revision, _first_revision()))

    def _prepare(self) -> None:
        with self._preparing:
            if not self._is_damaged and self._identity == _identity(self.path) is not None:
                return
            has_been_open = self._identity is not None
            try:
                if not has_been_open:  # a root that was moved away or unmounted is not made again
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                self._make()
            except (OSError, sqlite3.Error) as error:
                raise IndexUnavailableError(f"{self.path} can't be opened: {error}") from error
            self._engine.dispose()
            self._identity, self._is_damaged = _identity(self.path), False
            self.n_rebuilt += has_been_open

    def _make(self) -> None:
        is_damaged = self._is_damaged and self._identity == _identity(self.path)
        if not is_damaged and place.owner_of(self.path) is Owner.OURS:
            return
        with place.alone(self.path):
            is_damaged = self._is_damaged and self._identity == _identity(self.path)
            owner = Owner.DAMAGED if is_damaged else place.owner_of(self.path)
            if owner is Owner.DAMAGED:
                aside = place.set_aside_damaged(self.path)
                _log.warning("the index %s is damaged: moved to %s, made anew", self.path, aside)
            elif owner is Owner.FOREIGN:
                aside = place.set_aside_foreign(self.path)
                _log.warning("%s is not ours: moved to %s; nothing in it is lost", self.path, aside)
            if owner is not Owner.OURS:
                _create(self.path)

    def _check_schema(self, connection: Connection) -> None:
        number = connection.exec_driver_sql("PRAGMA user_version").scalar()
        if number != schema.SCHEMA_NUMBER:
            self._identity = None
            raise IndexUnavailableError(f"{self.path} was made anew by another version of Runicorn")

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        # Threads of one process queue here fairly instead of polling SQLite's own lock.
        if not self._writing.acquire(timeout=BUSY_S):
            raise IndexUnavailableError(f"{self.path} has been busy for {BUSY_S:.0f} s")
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            self._is_damaged = self._is_damaged or place.is_damage(error.orig)
            raise IndexUnavailableError(f"{self.path}: {error.orig}") from error
        except sqlite3.DatabaseError as error:
            self._is_damaged = self._is_damaged or place.is_damage(error)
            raise IndexUnavailableError(f"{self.path}: {error}") from error
        except PoolTimeoutError as error:
            raise IndexUnavailableError(f"{self.path}: too many readers at once") from error
        except SQLAlchemyError as error:
            raise IndexUnavailableError(f"{self.path}: {error}") from error

    def _leave_in_child(self) -> None:
        # SQLite forbids to carry a connection into a forked child, even to close it there.
        # Source: SQLite, "How To Corrupt An SQLite Database File", section 2.6.
        _left_by_fork.append(self._engine.pool)
        self._engine.dispose(close=False)
        self._preparing, self._writing = threading.RLock(), threading.Lock()


def reach_of(connection: Connection) -> Reach:
    """Tell how far the index has come since it was made."""
    return Reach(_fact(connection, "reach"))


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows at the speed of the driver.

    Args:
        connection: In a transaction that writes.
        table: Where to.
        rows: Values in the order of the table's columns.
    """
    if rows:
        connection.exec_driver_sql(_insert_statement(table), list(rows))


@cache
def _insert_statement(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f'INSERT INTO "{table.name}" VALUES ({marks})'  # noqa: S608 - a table of our own schema


def _revision(connection: Connection) -> int:
    return _fact(connection, "revision")


def _fact(connection: Connection, name: str) -> int:
    found = connection.exec_driver_sql("SELECT value FROM facts WHERE name = ?", (name,)).scalar()
    return int(found or 0)


def _first_revision() -> int:
    # An index that was made anew must not give out the numbers of the one before.
    return time.time_ns() // 1_000_000


def _make_engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_S},
        pool_size=4,
        max_overflow=_MAX_CONNECTIONS,
        pool_timeout=BUSY_S,
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # We emit BEGIN ourselves: the driver would start a transaction too late, at the first write.
    # Source: SQLAlchemy, "SQLite: Transactions with SQLite and the sqlite3 driver".
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA cache_size={_CACHE}")
    connection.execute("PRAGMA temp_store=MEMORY")
    functions.register(connection)


def _on_begin(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("is_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _create(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=WAL")
    engine = _make_engine(path)
    try:
        with (
            engine.connect().execution_options(is_writing=True) as connection,
            connection.begin(),
        ):
            schema.drop(connection)
            schema.create(connection, _first_revision())
            connection.exec_driver_sql(f"PRAGMA application_id={schema.APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version={schema.SCHEMA_NUMBER}")
    finally:
        engine.dispose()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_left_by_fork: list[Pool] = []


def _leave_in_child() -> None:
    for database in list(_open_databases):
        database._leave_in_child()  # noqa: SLF001 - the other half of Database


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_in_child)

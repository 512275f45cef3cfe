"""The index file: made once, set aside when it is not ours, made anew when it is broken."""

from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from runicorn.errors import IndexUnavailableError, IndexUnfinishedError
from runicorn.index.catchup import catch_up
from runicorn.index.database import Database, Reach, open_database
from runicorn.index.schema import APPLICATION_ID, SCHEMA_NUMBER

_OLD_SCHEMA = "CREATE TABLE experiments (id TEXT PRIMARY KEY, name TEXT)"


def _make_old(path: Path, run_id: str = "r1") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as old, old:
        old.execute(_OLD_SCHEMA)
        old.execute("INSERT INTO experiments VALUES (?, 'old')", (run_id,))


def _ids_in(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as file:
        return [row[0] for row in file.execute("SELECT id FROM experiments")]


def test_opening_makes_the_root_and_the_index(root: Path) -> None:
    database = open_database(root)
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA application_id")).scalar() == APPLICATION_ID
        assert connection.execute(text("SELECT count(*) FROM metrics")).scalar() == 0
    database.close()
    assert (root / "runicorn.db").exists()


def test_every_writing_transaction_changes_the_revision(database: Database, root: Path) -> None:
    before = database.revision()
    other = open_database(root)
    with other.writing():
        pass
    other.close()
    assert database.revision() != before


def test_an_exception_undoes_the_whole_block(database: Database) -> None:
    before = database.revision()
    with pytest.raises(ZeroDivisionError), database.writing() as connection:  # noqa: PT012 - it ends the block under test
        connection.execute(text("INSERT INTO tags VALUES ('t', 'r')"))
        raise ZeroDivisionError
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM tags")).scalar() == 0
    assert database.revision() == before


def test_a_reader_sees_one_state_until_its_block_ends(database: Database) -> None:
    count = text("SELECT count(*) FROM tags")
    with database.reading() as reader:
        assert reader.execute(count).scalar() == 0
        with database.writing() as writer:
            writer.execute(text("INSERT INTO tags VALUES ('t', 'r')"))
        assert reader.execute(count).scalar() == 0
    with database.reading() as reader:
        assert reader.execute(count).scalar() == 1


def test_threads_write_one_after_the_other(database: Database) -> None:
    def work(number: int) -> None:
        for turn in range(20):
            with database.writing() as connection:
                connection.execute(text(f"INSERT INTO tags VALUES ('{number}-{turn}', 'r')"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM tags")).scalar() == 80


def test_the_database_of_release_0_4_is_set_aside_and_never_overwritten(root: Path) -> None:
    for number, name in enumerate(("runicorn.db.0.4", "runicorn.db.0.4.1", "runicorn.db.0.4.2")):
        _make_old(root / "runicorn.db", f"r{number}")
        open_database(root).close()
        assert _ids_in(root / name) == [f"r{number}"]
        (root / "runicorn.db").unlink()


def test_what_0_4_had_not_checkpointed_goes_along(root: Path) -> None:
    _make_old(root / "runicorn.db")
    old = sqlite3.connect(root / "runicorn.db")
    old.execute("PRAGMA journal_mode=WAL")
    old.execute("INSERT INTO experiments VALUES ('r2', 'old')")
    old.commit()  # stays in the log as long as this connection is open
    open_database(root).close()
    old.close()
    assert _ids_in(root / "runicorn.db.0.4") == ["r1", "r2"]


def test_an_empty_file_becomes_the_index(root: Path) -> None:
    root.mkdir()
    (root / "runicorn.db").touch()
    open_database(root).close()
    assert sorted(path.name for path in root.iterdir()) == ["runicorn.db", "runicorn.db.lock"]


def test_another_schema_number_is_made_anew(database: Database, root: Path) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO tags VALUES ('t', 'r')"))
        connection.execute(text("CREATE TABLE of_long_ago (x)"))
        connection.execute(text(f"PRAGMA user_version={SCHEMA_NUMBER + 1}"))
    database.close()
    again = open_database(root)
    with again.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM tags")).scalar() == 0
        tables = connection.execute(text("SELECT name FROM sqlite_master")).scalars().all()
    again.close()
    assert "of_long_ago" not in tables


def test_a_writer_notices_that_another_version_made_the_index_anew(database: Database) -> None:
    with closing(sqlite3.connect(database.path)) as other, other:
        other.execute(f"PRAGMA user_version={SCHEMA_NUMBER + 1}")
    with pytest.raises(IndexUnavailableError, match="another version"), database.writing():
        pass


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_damaged_index_is_set_aside_with_a_warning(
    root: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    root.mkdir()
    (root / "runicorn.db").write_bytes(content)
    database = open_database(root)
    assert database.revision() > 0
    database.close()
    assert "is damaged" in caplog.text
    assert (root / "runicorn.db.damaged").read_bytes() == content


def test_damage_found_while_reading_is_healed_at_the_next_access(database: Database) -> None:
    with database.writing() as connection:
        rows = ", ".join(f"('{number}', '{'x' * 200}')" for number in range(2000))
        connection.execute(text(f"INSERT INTO tags VALUES {rows}"))
        connection.execute(text("PRAGMA user_version"))
    with closing(sqlite3.connect(database.path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    size = database.path.stat().st_size
    with database.path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size - size // 2))
    with pytest.raises(IndexUnavailableError), database.reading() as connection:
        connection.execute(text("SELECT * FROM tags")).all()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM tags")).scalar() == 0


def test_an_index_deleted_while_it_is_open_is_made_anew(database: Database) -> None:
    before = database.revision()
    database.path.unlink()
    assert database.revision() != before
    assert database.n_rebuilt == 1


@pytest.mark.parametrize("obstacle", ["file", "folder"])
def test_a_root_that_can_not_be_written_is_said_plainly(root: Path, obstacle: str) -> None:
    if obstacle == "file":
        root.write_text("not a folder")
    else:
        (root / "runicorn.db").mkdir(parents=True)
    with pytest.raises(IndexUnavailableError, match="can't be opened"):
        open_database(root)


def test_the_index_may_lie_elsewhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "fast disk" / "index.db"
    monkeypatch.setenv("RUNICORN_INDEX_URL", f"sqlite:///{elsewhere}")
    open_database(root).close()
    assert elsewhere.exists()
    assert not root.exists()


@pytest.mark.parametrize("url", ["postgresql://host/db", "sqlite://", "nonsense"])
def test_an_index_url_that_is_not_supported_is_said_plainly(
    root: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("RUNICORN_INDEX_URL", url)
    with pytest.raises(IndexUnavailableError, match="RUNICORN_INDEX_URL"):
        open_database(root)


def _open_and_write(root: Path, number: int) -> None:
    database = open_database(root)
    with database.writing() as connection:
        connection.execute(text(f"INSERT INTO tags VALUES ('{number}', 'r')"))
    database.close()


def test_many_processes_may_start_at_once_on_an_empty_root(root: Path) -> None:
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_open_and_write, args=(root, n)) for n in range(8)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 8
    database = open_database(root)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM tags")).scalar() == 8
    database.close()


_FORK = """
import os, sys
from pathlib import Path
from sqlalchemy import text
from runicorn.index.database import open_database
database = open_database(Path(sys.argv[1]))
if (child := os.fork()) == 0:
    database.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
with database.writing() as connection:
    connection.execute(text("INSERT INTO tags VALUES ('t', 'r')"))
"""


def test_a_forked_child_leaves_the_connections_of_its_parent_alone(
    database: Database, root: Path
) -> None:
    # In a process of its own: a fork of one with threads, as test runners are, is a warning.
    subprocess.run([sys.executable, "-c", _FORK, str(root)], check=True, timeout=60)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM tags")).scalar() == 1


@pytest.mark.promise(2)
def test_the_index_tells_how_far_it_has_come_since_it_was_made(
    root: Path, new_run: Callable[..., Any]
) -> None:
    for number in range(250):
        new_run(f"run-{number:03}").log({"a": 1.0}, step=1)
    with closing(open_database(root)) as first, closing(open_database(root)) as second:
        assert first.reach() is Reach.BEGUN
        assert not catch_up(first, root, budget_s=0.0).is_listed
        assert first.reach() is Reach.BEGUN
        catch_up(first, root, run_ids=["run-200"])  # all are listed by it, but not for long
        assert first.reach() is Reach.BEGUN
        assert catch_up(first, root, budget_s=0.0, batch_bytes=1).is_listed
        assert second.reach() is Reach.LISTED
        catch_up(second, root)
        assert first.reach() is Reach.READ
        first.path.unlink()
        assert first.reach() is Reach.BEGUN


@pytest.mark.promise(2)
def test_what_was_done_to_an_index_that_went_is_not_noted_in_the_next(root: Path) -> None:
    with closing(open_database(root)) as database, closing(open_database(root)) as other:
        n_rebuilt = database.n_rebuilt
        database.path.unlink()
        other.revision()
        database.note_reach(Reach.READ, n_rebuilt)
        assert database.reach() is Reach.BEGUN
        database.note_reach(Reach.LISTED, database.n_rebuilt)
        assert other.reach() is Reach.LISTED


def test_an_index_that_lacks_runs_refuses_to_answer_only_who_needs_all(
    database: Database, root: Path
) -> None:
    with database.answering() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM experiments").scalar() == 0
    database.must_list_all = True
    with pytest.raises(IndexUnfinishedError), database.answering():
        pass
    catch_up(database, root)
    with database.answering() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM experiments").scalar() == 0

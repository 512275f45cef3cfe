"""Journals in the index: a stretch is read, parsed, and stored with its offset in one transaction.

The cursor is moved by compare-and-swap: only from exactly where the stretch began, otherwise
somebody else was faster and nothing of it is stored. So no schedule of readers loses or doubles a
point.
"""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, case, select

from runicorn.errors import JournalDamagedError
from runicorn.files import open_regular
from runicorn.index.apply import Parsed, parse
from runicorn.index.database import insert_rows
from runicorn.index.definitions import store_definitions
from runicorn.index.folders import JournalLook
from runicorn.index.ingest import store_attempts, store_points
from runicorn.index.ranks import rank_of
from runicorn.index.runs import NEW_CURSOR, Cursor, drop_journal, note_problem, update_best
from runicorn.index.schema import CURSORS, EXPERIMENTS, PROBLEMS
from runicorn.journal import read_batch
from runicorn.layout import JOURNAL_FILE

# Bytes before the offset that tell this journal from any other: lines hold times [bytes].
_TAIL_BYTES = 48
# Places of problems of a whole journal, below all offsets.
_REPLACED, _UNREADABLE = -1, -2


class CursorMovedError(Exception):
    """Another process read this stretch first; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a journal, ready to be stored.

    Attributes:
        file: The journal's name.
        before: The cursor it was read from.
        after: The cursor once it is stored.
        parsed: What it says; ``None`` when the journal has to be read anew.
        problem: Why it can't be read, if so.
        n_bytes: Its length.
    """

    run_id: str
    file: str
    before: Cursor
    after: Cursor
    parsed: Parsed | None
    problem: str | None = None
    n_bytes: int = 0

    @property
    def is_news(self) -> bool:
        return self.after != self.before

    @property
    def is_progress(self) -> bool:
        """Whether it says anything; otherwise the journal only looks different."""
        return self.parsed is None or self.n_bytes > 0 or self.problem is not None


def is_worth_reading(cursor: Cursor, look: JournalLook) -> bool:
    """Tell whether a journal may hold something new.

    Its size alone does not tell: a torn tail is cut off by the next writer, and the line that it
    writes may be just as long.
    """
    if look.size is None:
        return cursor.identity != ""
    if look.changed_at is None:
        return True
    return (look.size, _identity(look)) != (cursor.size_seen, cursor.identity)


def read_stretch(
    run_id: str, path: Path, cursor: Cursor, look: JournalLook, max_bytes: int
) -> Stretch:
    """Read what comes next in a journal; never raises.

    Args:
        run_id: The run.
        path: Its journal.
        cursor: Where to go on.
        look: What the journal looked like before this call.
        max_bytes: About how much to read `[bytes]`.
    """
    size, file = look.size, path.name
    if size is None or size < 0:
        after = replace(_reset(cursor), identity=_identity(look), size_seen=size or 0)
        problem = "is no regular file" if size is not None else None
        return Stretch(run_id, file, cursor, after, None, problem)
    try:
        if not _is_same_journal(path, cursor):
            return Stretch(run_id, file, cursor, _reset(cursor), None)
        batch = read_batch(path, cursor.byte_offset, max_bytes)
    except JournalDamagedError:
        return Stretch(run_id, file, cursor, _reset(cursor), None)
    except OSError as error:
        parsed = Parsed(cursor.attempt)
        return Stretch(run_id, file, cursor, cursor, parsed, f"can't be read: {error.strerror}")
    parsed = parse(batch.lines, cursor.attempt, cursor.n_damaged, rank_of(file) or 0)
    after = Cursor(
        byte_offset=batch.end,
        n_lines=cursor.n_lines + parsed.n_lines,
        n_damaged=cursor.n_damaged + parsed.n_damaged,
        identity=_identity(look),
        # A torn tail is not worth another look until the file has changed.
        size_seen=batch.end if batch.lines else max(size, batch.end),
        tail=_tail(batch.lines) if batch.lines else cursor.tail,
        attempt=parsed.attempt,
        last_ts=_latest(cursor.last_ts, parsed.last_ts),
        n_resets=cursor.n_resets,
    )
    return Stretch(run_id, file, cursor, after, parsed, None, batch.end - batch.start)


def store_stretch(connection: Connection, stretch: Stretch) -> None:
    """Store a stretch and move the cursor.

    Raises:
        CursorMovedError: The cursor is not where the stretch began; undo the transaction.
    """
    run_id, file, before = stretch.run_id, stretch.file, stretch.before
    if file != JOURNAL_FILE and before == NEW_CURSOR:
        _add_cursor(connection, run_id, file)
    moved = connection.execute(
        CURSORS.update().where(
            CURSORS.c.run_id == run_id,
            CURSORS.c.file == file,
            CURSORS.c.byte_offset == before.byte_offset,
            CURSORS.c.tail == before.tail,
            CURSORS.c.n_resets == before.n_resets,
        ),
        asdict(stretch.after),
    )
    if moved.rowcount != 1:
        raise CursorMovedError(run_id)
    if stretch.parsed is None:
        _forget(connection, stretch)
    elif stretch.after != before:
        _store_parsed(connection, stretch, stretch.parsed)
    if stretch.problem is not None:
        note_problem(connection, run_id, file, _UNREADABLE, stretch.problem)


def load_problem(connection: Connection, run_id: str, file: str) -> str | None:
    """Return why a journal could not be read the last time."""
    return connection.execute(
        select(PROBLEMS.c.message).where(*_unreadable(run_id, file))
    ).scalar_one_or_none()


def _add_cursor(connection: Connection, run_id: str, file: str) -> None:
    """Add the cursor of a further journal, unless it is there or the run is not."""
    place = (CURSORS.c.run_id == run_id, CURSORS.c.file == file)
    is_there = connection.execute(select(CURSORS.c.file).where(*place)).first()
    run = select(EXPERIMENTS.c.id).where(EXPERIMENTS.c.id == run_id)
    if is_there is None and connection.execute(run).first() is not None:
        insert_rows(connection, CURSORS, [(run_id, file, *astuple(NEW_CURSOR))])


def _forget(connection: Connection, stretch: Stretch) -> None:
    drop_journal(connection, stretch.run_id, stretch.file)
    if stretch.before.byte_offset:
        note_problem(
            connection,
            stretch.run_id,
            stretch.file,
            _REPLACED,
            f"was cut or replaced after {stretch.before.byte_offset} bytes of it had been read; "
            "it was read anew",
        )


def _store_parsed(connection: Connection, stretch: Stretch, parsed: Parsed) -> None:
    run_id, file = stretch.run_id, stretch.file
    if parsed.definitions:
        store_definitions(connection, run_id, file, parsed.definitions)
    if parsed.columns:
        store_points(connection, run_id, file, parsed.columns)
    if parsed.attempts:
        store_attempts(connection, run_id, file, parsed.attempts)
    problems = [(run_id, file, offset, message) for offset, message in parsed.problems]
    insert_rows(connection, PROBLEMS, problems)
    connection.execute(PROBLEMS.delete().where(*_unreadable(run_id, file)))
    row, last_ts = EXPERIMENTS.c, stretch.after.last_ts or 0.0
    # The attempt of a run is that of rank 0.
    attempt = stretch.after.attempt if file == JOURNAL_FILE else 0
    connection.execute(
        EXPERIMENTS.update()
        .where(row.id == run_id)
        .values(
            updated_at=case((row.updated_at < last_ts, last_ts), else_=row.updated_at),
            attempt=case((row.attempt < attempt, attempt), else_=row.attempt),
        )
    )
    update_best(connection, [run_id])


def _identity(look: JournalLook) -> str:
    return look.identity if look.changed_at is None else f"{look.identity}:{look.changed_at}"


def _is_same_journal(path: Path, cursor: Cursor) -> bool:
    """Tell whether the bytes before the cursor are those that were read."""
    tail = bytes.fromhex(cursor.tail)
    if not tail:
        return True
    with open_regular(path) as file:
        file.seek(cursor.byte_offset - len(tail))
        return file.read(len(tail)) == tail


def _tail(lines: list[tuple[int, bytes | None]]) -> str:
    # Of the last line alone, so that it is the same wherever the stretch began.
    return ((lines[-1][1] or b"") + b"\n")[-_TAIL_BYTES:].hex()


def _reset(cursor: Cursor) -> Cursor:
    return replace(NEW_CURSOR, n_resets=cursor.n_resets + bool(cursor.byte_offset))


def _latest(before: float | None, after: float | None) -> float | None:
    times = [time for time in (before, after) if time is not None]
    return max(times, default=None)


def _unreadable(run_id: str, file: str) -> tuple[ColumnElement[bool], ...]:
    return (
        PROBLEMS.c.run_id == run_id,
        PROBLEMS.c.file == file,
        PROBLEMS.c.byte_offset == _UNREADABLE,
    )

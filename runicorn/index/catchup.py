"""Catching up: brings the index to what the files say, in small transactions, from any state.

Reads run folders, writes only the index. Any number of processes may catch up at any time and be
cut off anywhere: the index that comes out is the same, and only what is new is read.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TypeVar

from runicorn.documents import read_document
from runicorn.errors import IndexUnavailableError
from runicorn.index.database import Database, Reach, reach_of
from runicorn.index.describe import created_at
from runicorn.index.folders import (
    NO_JOURNAL,
    Found,
    JournalLook,
    Look,
    find,
    find_some,
    is_gone,
    look_at,
    relative,
)
from runicorn.index.journals import (
    CursorMovedError,
    Stretch,
    is_worth_reading,
    load_problem,
    read_stretch,
    store_stretch,
)
from runicorn.index.runs import (
    NEW_CURSOR,
    Cursor,
    Known,
    add_runs,
    chunks,
    has_new_state,
    judge_runs,
    load_known,
    load_twins,
    refresh_run,
    remove_runs,
    store_twins,
    tell_twins,
)

# About what one transaction takes up: long enough to pay for itself, short enough that another
# writer waits some tenths of a second at most [bytes], [runs].
BATCH_BYTES = 1 << 20
BATCH_RUNS = 100

Looks = dict[str, Look]
Folders = Mapping[str, Collection[Path]]
Journal = tuple[str, str]
"""Run id and name of the file."""
Cursors = dict[Journal, Cursor]
_T = TypeVar("_T")
Progress = Callable[[int, int], None]
"""Called with (runs done, runs in all)."""


@dataclass(slots=True)
class Report:
    """What one catch-up did.

    Attributes:
        added: Runs seen for the first time.
        changed: Runs with new points, documents or states, none twice.
        removed: Runs whose folder is gone.
        n_points: Points read.
        is_listed: False when the budget ended it before all runs asked for were in the index.
        is_complete: False when the budget ended it early.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    n_points: int = 0
    is_listed: bool = True
    is_complete: bool = True


def catch_up(
    database: Database,
    root: Path,
    run_ids: Sequence[str] | None = None,
    budget_s: float | None = None,
    *,
    folders: Folders | None = None,
    batch_bytes: int = BATCH_BYTES,
    progress: Progress | None = None,
    stop: Event | None = None,
) -> Report:
    """Bring the index of a root up to its files.

    Args:
        database: The index.
        root: The root.
        run_ids: Only these runs; all when ``None``.
        budget_s: Stop between two transactions once so much time has passed; every call gets
            further by at least one `[s]`.
        folders: Where some of these runs may lie that came or moved, by id; the others are looked
            for in the whole root.
        batch_bytes: About how much of the journals one transaction stores `[bytes]`.
        progress: Told about the journals.
        stop: Set from any thread, it ends this as if the time were over.

    Raises:
        IndexUnavailableError: The index can't be read or written.
    """
    deadline = math.inf if budget_s is None else time.monotonic() + budget_s

    def is_late() -> bool:
        return time.monotonic() > deadline or (stop is not None and stop.is_set())

    n_rebuilt = database.n_rebuilt
    folders = folders or {}
    try:
        report = _Sweep(database, root, folders, is_late, batch_bytes, progress).run(run_ids)
    except IndexUnavailableError:
        with database.reading():  # a damaged index is made anew at the next access
            pass
        if database.n_rebuilt == n_rebuilt:
            raise
    if database.n_rebuilt == n_rebuilt:
        return report
    # The index was made anew on the way, so everything is to be read.
    return _Sweep(database, root, folders, is_late, batch_bytes, progress).run(run_ids)


@dataclass(slots=True)
class _Sweep:
    """One catch-up: first all documents, which is quick, then the journals in turns."""

    database: Database
    root: Path
    told: Folders
    is_late: Callable[[], bool]
    batch_bytes: int
    progress: Progress | None
    report: Report = field(default_factory=Report)
    n_rebuilt: int = 0

    def run(self, run_ids: Sequence[str] | None) -> Report:
        self.n_rebuilt = self.database.n_rebuilt
        known, found = self._look_around(run_ids)
        if run_ids is None:
            self._note_twins(found)
        self._remove(known, found, run_ids)
        self._add(known, found)
        self.report.is_listed = self.report.is_complete
        if run_ids is None:
            self._note(Reach.LISTED)
        else:
            found.folders = {each: found.folders[each] for each in run_ids if each in found.folders}
        looks = self._looks(known, found)
        self._refresh(known, found, looks)
        self._read_journals(found, looks, _cursors({run_id: known[run_id] for run_id in looks}))
        if run_ids is None:
            self._note(Reach.READ)
        self.report.changed = list(dict.fromkeys(self.report.changed))
        return self.report

    def _look_around(self, run_ids: Sequence[str] | None) -> tuple[dict[str, Known], Found]:
        with self.database.reading() as connection:
            known = load_known(connection, run_ids)
            is_listed = reach_of(connection) >= Reach.LISTED
        if run_ids is not None:
            folders = {run_id: each.folder for run_id, each in known.items()}
            # To an index that lacks runs all are added together, so that slots follow the order of
            # creation.
            told = self.told if is_listed else {}
            found = find_some(self.root, folders, told, run_ids)
            if found is not None:
                return known, found
            with self.database.reading() as connection:
                known = load_known(connection)
        return known, find(self.root)

    def _note(self, reach: Reach) -> None:
        if self.report.is_complete:
            self.database.note_reach(reach, self.n_rebuilt)

    def _note_twins(self, found: Found) -> None:
        told = {run_id: tell_twins(folders) for run_id, folders in found.twins.items()}
        with self.database.reading() as connection:
            noted = load_twins(connection)
        if noted != told:
            with self.database.writing() as connection:
                store_twins(connection, told)

    def _remove(self, known: dict[str, Known], found: Found, run_ids: Sequence[str] | None) -> None:
        asked = known if run_ids is None else known.keys() & set(run_ids)
        gone = [
            run_id
            for run_id in asked
            if run_id not in found.folders and is_gone(self.root / known[run_id].folder)
        ]
        for chunk in self._in_time(gone):
            with self.database.writing() as connection:
                self.report.removed += remove_runs(connection, chunk)

    def _add(self, known: dict[str, Known], found: Found) -> None:
        new = [
            (created_at(folder, read_document(folder.meta)[0]), run_id, folder, look)
            for run_id, folder in found.folders.items()
            if run_id not in known and (look := look_at(folder)) is not None
        ]
        new.sort(key=lambda each: each[:2])
        for chunk in self._in_time(new):
            with self.database.writing() as connection:
                if self.database.n_rebuilt != self.n_rebuilt:
                    return  # made anew on the way, so the next sweep adds all of them in order
                pairs = [(folder, look) for _created, _id, folder, look in chunk]
                self.report.added += add_runs(connection, self.root, pairs)
                known |= load_known(connection, [run_id for _created, run_id, *_ in chunk])

    def _looks(self, known: dict[str, Known], found: Found) -> Looks:
        looks = {
            run_id: look_at(folder) for run_id, folder in found.folders.items() if run_id in known
        }
        return {run_id: look for run_id, look in looks.items() if look is not None}

    def _refresh(self, known: dict[str, Known], found: Found, looks: Looks) -> None:
        changed, to_judge = [], {}
        for run_id, look in looks.items():
            before, folder = known[run_id], found.folders[run_id]
            has_moved = before.folder != relative(self.root, folder)
            if has_moved or before.documents != look.documents:
                changed.append(run_id)
            elif has_new_state(before):
                to_judge[run_id] = before
        for chunk in self._in_time(changed):
            with self.database.writing() as connection:
                for run_id in chunk:
                    refresh_run(connection, self.root, found.folders[run_id], looks[run_id])
            self.report.changed += chunk
        if to_judge:
            with self.database.writing() as connection:
                self.report.changed += judge_runs(connection, to_judge)

    def _read_journals(self, found: Found, looks: Looks, cursors: Cursors) -> None:
        # Journals that are there, and those that were: of ranks beyond 0 only the folder tells.
        journals = dict.fromkeys(cursors)
        journals |= dict.fromkeys(
            (run_id, file) for run_id in looks for file in looks[run_id].journals
        )
        waiting = deque(
            journal
            for journal in journals
            if is_worth_reading(cursors.get(journal, NEW_CURSOR), _look_of(journal, looks))
        )
        n_all = len(waiting)
        while waiting:
            stretches = self._read(waiting, found, looks, cursors)
            if stretches:
                self._store(stretches, waiting, found, looks, cursors)
            if self.progress is not None:
                self.progress(n_all - len(waiting), n_all)
            if waiting and self.is_late():
                self.report.is_complete = False
                return

    def _read(
        self, waiting: deque[Journal], found: Found, looks: Looks, cursors: Cursors
    ) -> list[Stretch]:
        """Read a stretch of each of the next journals, as much as one transaction takes."""
        stretches: list[Stretch] = []
        rest = self.batch_bytes
        while waiting and rest > 0 and len(stretches) < BATCH_RUNS:
            journal = waiting.popleft()
            run_id, file = journal
            cursor, look = cursors.get(journal, NEW_CURSOR), _look_of(journal, looks)
            stretch = read_stretch(run_id, found.folders[run_id].path / file, cursor, look, rest)
            rest -= stretch.n_bytes
            if stretch.is_news or self._is_new_problem(stretch):
                stretches.append(stretch)
        return stretches

    def _is_new_problem(self, stretch: Stretch) -> bool:
        if stretch.problem is None:
            return False
        with self.database.reading() as connection:
            return load_problem(connection, stretch.run_id, stretch.file) != stretch.problem

    def _store(
        self,
        stretches: list[Stretch],
        waiting: deque[Journal],
        found: Found,
        looks: Looks,
        cursors: Cursors,
    ) -> None:
        journals = [(stretch.run_id, stretch.file) for stretch in stretches]
        try:
            with self.database.writing() as connection:
                for stretch in stretches:
                    store_stretch(connection, stretch)
                    if stretch.parsed is None:  # times and attempt came from the journal as well
                        folder = found.folders[stretch.run_id]
                        refresh_run(connection, self.root, folder, looks[stretch.run_id])
        except CursorMovedError:
            # Somebody else read these lines. Go on from where they are.
            with self.database.reading() as connection:
                known = load_known(connection, {run_id for run_id, _file in journals})
            cursors |= _cursors(known)
            journals = [journal for journal in journals if journal[0] in known]
        else:
            cursors |= {(each.run_id, each.file): each.after for each in stretches}
            journals = [(each.run_id, each.file) for each in stretches if each.is_progress]
            self.report.changed += [run_id for run_id, _file in journals]
            self.report.n_points += sum(each.parsed.n_points for each in stretches if each.parsed)
        waiting.extend(
            journal
            for journal in journals
            if cursors.get(journal, NEW_CURSOR).size_seen < (_look_of(journal, looks).size or 0)
        )

    def _in_time(self, items: Sequence[_T]) -> Iterator[list[_T]]:
        """Cut work into transactions; the first is always done, the others while there is time."""
        for number, chunk in enumerate(chunks(items, BATCH_RUNS)):
            if number and self.is_late():
                self.report.is_complete = False
                return
            yield chunk


def _cursors(known: dict[str, Known]) -> Cursors:
    return {
        (run_id, file): cursor
        for run_id, each in known.items()
        for file, cursor in each.cursors.items()
    }


def _look_of(journal: Journal, looks: Looks) -> JournalLook:
    run_id, file = journal
    return looks[run_id].journals.get(file, NO_JOURNAL)

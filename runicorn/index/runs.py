"""Runs in the index: known, added with their slots, refreshed from their documents, removed.

Every function works inside of one transaction of the caller; documents are read inside of it too,
so what is stored is never older than what another process stored before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from runicorn.events import as_number
from runicorn.index.database import insert_rows
from runicorn.index.describe import Description, describe, judge_again
from runicorn.index.folders import DOCUMENTS, Look
from runicorn.index.points import drop_points
from runicorn.index.schema import (
    ATTEMPTS,
    CONFIG_VALUES,
    CURSORS,
    DEFINITIONS,
    EXPERIMENTS,
    PROBLEMS,
    SERIES,
    TAGS,
)
from runicorn.layout import JOURNAL_FILE, RunDir

# Values bound in one statement; SQLite takes 32,766.
_CHUNK = 500
# The place of problems that concern a run's folder.
FOLDER = "."


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a journal of a run was read; see `runicorn.index.schema.CursorRow`."""

    byte_offset: int
    n_lines: int
    n_damaged: int
    identity: str
    size_seen: int
    tail: str
    attempt: int
    last_ts: float | None
    n_resets: int


NEW_CURSOR = Cursor(0, 0, 0, "", 0, "", 1, None, 0)


@dataclass(frozen=True, slots=True)
class Known:
    """What the index knows of a run before its folder is looked at."""

    folder: str
    documents: str
    status: str
    exit_reason: str | None
    evidence: str | None
    cursors: dict[str, Cursor]


def load_known(connection: Connection, run_ids: Iterable[str] | None = None) -> dict[str, Known]:
    """Load what is known of all or of some runs, by id."""
    row = EXPERIMENTS.c
    statement = select(
        row.id, row.folder, row.documents, row.status, row.exit_reason, row.evidence,
        CURSORS.c.file, *(CURSORS.c[name] for name in Cursor.__slots__),
    ).join(CURSORS, CURSORS.c.run_id == row.id)  # fmt: skip
    if run_ids is None:
        found = connection.execute(statement).all()
    else:
        found = [
            each
            for chunk in chunks(run_ids)
            for each in connection.execute(statement.where(row.id.in_(chunk)))
        ]
    known: dict[str, Known] = {}
    for run_id, folder, documents, status, exit_reason, evidence, file, *cursor in found:
        if run_id not in known:
            known[run_id] = Known(folder, documents, status, exit_reason, evidence, {})
        known[run_id].cursors[file] = Cursor(*cursor)
    return known


def add_runs(connection: Connection, root: Path, runs: Sequence[tuple[RunDir, Look]]) -> list[str]:
    """Add runs that the index does not know yet and give them slots in the order given.

    Returns:
        The ids of those that were new; another process may have added some meanwhile.
    """
    described = [(describe(root, folder), look) for folder, look in runs]
    known = load_known(connection, [each.values["id"] for each, _look in described])
    new = [pair for pair in described if pair[0].values["id"] not in known]
    if not new:
        return []
    slots = _next_slots(connection)
    rows = []
    for description, look in new:
        project = description.values["project"]
        slot = slots[project] = slots.get(project, -1) + 1
        rows.append({**description.values, "documents": look.documents, "slot": slot})
    connection.execute(EXPERIMENTS.insert(), rows)
    ids = [str(row["id"]) for row in rows]
    empty = tuple(getattr(NEW_CURSOR, name) for name in Cursor.__slots__)
    insert_rows(connection, CURSORS, [(run_id, JOURNAL_FILE, *empty) for run_id in ids])
    _add_parts(connection, [description for description, _look in new])
    return ids


def refresh_run(connection: Connection, root: Path, folder: RunDir, look: Look) -> None:
    """Read the documents of a known run again."""
    description = describe(root, folder)
    run_id = description.values["id"]
    cursors = connection.execute(
        select(CURSORS.c.file, CURSORS.c.attempt, CURSORS.c.last_ts).where(
            CURSORS.c.run_id == run_id
        )
    ).all()
    if not cursors:
        return  # removed by another process meanwhile; the next look finds it as new
    values = {**description.values, "documents": look.documents}
    for file, attempt, last_ts in cursors:
        if file == JOURNAL_FILE:
            values["attempt"] = max(values["attempt"], attempt)
        values["updated_at"] = max(values["updated_at"], last_ts or 0.0)
    connection.execute(EXPERIMENTS.update().where(EXPERIMENTS.c.id == run_id), values)
    for table in (CONFIG_VALUES, TAGS):
        connection.execute(table.delete().where(table.c.run_id == run_id))
    connection.execute(
        PROBLEMS.delete().where(PROBLEMS.c.run_id == run_id, PROBLEMS.c.file.in_(DOCUMENTS))
    )
    _add_parts(connection, [description])
    update_best(connection, [run_id])


def judge_runs(connection: Connection, runs: Mapping[str, Known]) -> list[str]:
    """Store what the states of runs without a final status are now.

    Returns:
        The ids of those that changed.
    """
    changed = []
    for run_id, known in runs.items():
        assert known.evidence is not None, "a final state is not judged again"
        state = judge_again(known.evidence)
        changed += [run_id] * connection.execute(
            EXPERIMENTS.update().where(
                EXPERIMENTS.c.id == run_id, EXPERIMENTS.c.evidence == known.evidence
            ),
            {"status": state.status, "exit_reason": state.reason},
        ).rowcount
    return changed


def has_new_state(known: Known) -> bool:
    """Tell whether a run that has no final status is in another state than the index says."""
    if known.evidence is None:
        return False
    state = judge_again(known.evidence)
    return (state.status, state.reason) != (known.status, known.exit_reason)


def remove_runs(connection: Connection, run_ids: Sequence[str]) -> list[str]:
    """Forget runs and everything that hangs on them; returns those that were there."""
    removed: list[str] = []
    for chunk in chunks(run_ids):
        removed += load_known(connection, chunk)
        drop_points(connection, SERIES.c.run_id.in_(chunk))
        for table in (SERIES, ATTEMPTS, DEFINITIONS, PROBLEMS, CONFIG_VALUES, TAGS, CURSORS):
            connection.execute(table.delete().where(table.c.run_id.in_(chunk)))
        connection.execute(EXPERIMENTS.delete().where(EXPERIMENTS.c.id.in_(chunk)))
    return removed


def drop_journal(connection: Connection, run_id: str, file: str) -> None:
    """Forget what was read from a journal, but not its cursor."""
    drop_points(connection, (SERIES.c.run_id == run_id) & (SERIES.c.file == file))
    for table in (SERIES, ATTEMPTS, DEFINITIONS, PROBLEMS):
        connection.execute(table.delete().where(table.c.run_id == run_id, table.c.file == file))


def update_best(connection: Connection, run_ids: Sequence[str]) -> None:
    """Derive best values from the series where summary.json says which metric and whether min."""
    row = EXPERIMENTS.c
    runs = connection.execute(
        select(row.id, row.best_metric_name, row.best_metric_mode).where(
            row.id.in_(run_ids),
            row.best_metric_name.is_not(None),
            row.best_metric_mode.is_not(None),
        )
    ).all()
    for run_id, name, mode in runs:
        best = _best(connection, run_id, name, mode)
        if best is not None:
            connection.execute(EXPERIMENTS.update().where(row.id == run_id), best)


def note_problem(connection: Connection, run_id: str, file: str, offset: int, message: str) -> None:
    """Store a problem; the one before at the same place is replaced."""
    place = (PROBLEMS.c.run_id == run_id, PROBLEMS.c.file == file, PROBLEMS.c.byte_offset == offset)
    connection.execute(PROBLEMS.delete().where(*place))
    insert_rows(connection, PROBLEMS, [(run_id, file, offset, message)])


def tell_twins(folders: Sequence[str]) -> str:
    """Say that other folders have the id of a run."""
    return f"other folders with the same run id are not read: {', '.join(folders)}"


def load_twins(connection: Connection) -> dict[str, str]:
    """Return what was said of other folders with a run's id, by run."""
    found = connection.execute(
        select(PROBLEMS.c.run_id, PROBLEMS.c.message).where(PROBLEMS.c.file == FOLDER)
    )
    return {run_id: message for run_id, message in found}  # noqa: C416 - rows are no pairs to a checker


def store_twins(connection: Connection, told: Mapping[str, str]) -> None:
    """Store what is to be said of other folders with a run's id, as problems of the runs."""
    connection.execute(PROBLEMS.delete().where(PROBLEMS.c.file == FOLDER))
    insert_rows(connection, PROBLEMS, [(run_id, FOLDER, -1, text) for run_id, text in told.items()])


def chunks(values: Iterable[Any], size: int = _CHUNK) -> Iterator[list[Any]]:
    """Cut values into lists of at most `size`."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def _best(
    connection: Connection, run_id: str, name: str, mode: str
) -> dict[str, float | int | None] | None:
    value, step = SERIES.c[f"{mode}_value"], SERIES.c[f"{mode}_value_step"]
    found = connection.execute(
        select(value, step).where(SERIES.c.run_id == run_id, SERIES.c.key == name)
    ).first()
    if found is None:
        return None
    return {"best_metric_value": as_number(found[0]), "best_metric_step": found[1]}


def _next_slots(connection: Connection) -> dict[str, int]:
    found = connection.execute(
        select(EXPERIMENTS.c.project, func.max(EXPERIMENTS.c.slot)).group_by(EXPERIMENTS.c.project)
    )
    return {project: slot for project, slot in found}  # noqa: C416 - rows are no pairs to a checker


def _add_parts(connection: Connection, described: Sequence[Description]) -> None:
    rows: dict[Table, list[tuple[Any, ...]]] = {CONFIG_VALUES: [], TAGS: [], PROBLEMS: []}
    for each in described:
        run_id = each.values["id"]
        rows[CONFIG_VALUES] += [(run_id, *value) for value in each.config]
        rows[TAGS] += [(tag, run_id) for tag in each.tags]
        rows[PROBLEMS] += [
            (run_id, problem.file, problem.offset, problem.message) for problem in each.problems
        ]
    for table, values in rows.items():
        insert_rows(connection, table, values)

"""Facts: what the index knows of a run at one moment, without its long documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select

from runicorn.errors import RunNotFoundError
from runicorn.index.schema import ATTEMPTS, EXPERIMENTS
from runicorn.layout import JOURNAL_FILE


@dataclass(slots=True)
class Facts:
    """A run as it was when it was read; times are UTC.

    Attributes:
        id: The run's id, also the name of its folder.
        project: The project's name.
        name: The experiment's name, parts joined by ``/``.
        status: ``running``, ``finished``, ``failed``, ``interrupted``, ``killed`` or ``lost``.
        exit_reason: Why it ended, such as a traceback, or the evidence for ``killed`` and ``lost``.
        created_at: `[s]`
        updated_at: Last sign of it `[s]`
        started_at: `[s]`
        ended_at: `[s]`
        tags: In their own order, none twice.
        attempt: The last one; 1 when it was never resumed.
        best_metric_value: ``None`` where nothing finite was logged.
        run_dir: The run's folder.
        is_deleted: Whether it is in the recycle bin.
    """

    id: str
    project: str
    name: str
    status: str
    exit_reason: str | None
    created_at: float
    updated_at: float
    started_at: float | None
    ended_at: float | None
    tags: list[str]
    notes: str | None
    group: str | None
    job_type: str | None
    user: str | None
    hostname: str | None
    attempt: int
    best_metric_name: str | None
    best_metric_value: float | None
    best_metric_step: int | None
    run_dir: Path
    is_deleted: bool

    @property
    def duration_s(self) -> float | None:
        """How long it ran, up to the last sign of it while it runs `[s]`."""
        if self.started_at is None:
            return None
        end = self.updated_at if self.ended_at is None else self.ended_at
        return max(0.0, end - self.started_at)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A stretch of a run between two resumes.

    Attributes:
        number: From 1.
        resumed_at_step: The step it took up at; ``None`` for the first `[steps]`.
        superseded_from: Its points at or after this step were superseded by a later attempt;
            ``None`` where none were `[steps]`.
    """

    number: int
    resumed_at_step: int | None
    superseded_from: int | None


# Columns of the index by the fields of `Facts`, in their order.
_NAMES = {
    **{field.name: field.name for field in fields(Facts)},
    "group": "group_name",
    "user": "user_name",
    "is_deleted": "deleted_at",
}
COLUMNS = tuple(EXPERIMENTS.c[name] for name in _NAMES.values())
"""What is to be selected for `values_of`."""


def values_of(row: Sequence[Any]) -> dict[str, Any]:
    """Return the fields of `Facts` by name from a row of `COLUMNS`."""
    values = dict(zip(_NAMES, row, strict=True))
    values["tags"] = orjson.loads(values["tags"])
    values["run_dir"] = Path(values["run_dir"])
    values["is_deleted"] = values["is_deleted"] is not None
    return values


def read_facts(connection: Connection, run_id: str) -> dict[str, Any]:
    """Read the fields of `Facts` of one run.

    Raises:
        RunNotFoundError: No run has this id.
    """
    row = connection.execute(select(*COLUMNS).where(EXPERIMENTS.c.id == run_id)).first()
    if row is None:
        raise RunNotFoundError(run_id)
    return values_of(row)


def read_attempts(connection: Connection, run_id: str) -> list[Attempt]:
    """Read the attempts of a run, in order; one that was never resumed has one."""
    row = ATTEMPTS.c
    found = connection.execute(
        select(row.attempt, row.resumed_at_step, row.superseded_from)
        .where(row.run_id == run_id, row.file == JOURNAL_FILE)
        .order_by(row.attempt)
    )
    return [Attempt(*each) for each in found] or [Attempt(1, None, None)]

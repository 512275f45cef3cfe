"""Rows: the tables of the index, their number, and the relation `metrics` for SQL users.

The index is a cache. Another `SCHEMA_NUMBER` in a database means drop and rebuild; there are no
migrations. SQLite turns NaN into NULL, and a point always has a value, so ``points.value`` is NULL
exactly where NaN was logged; infinities are stored as they are.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, Index, Table, text
from sqlmodel import Field, SQLModel

# "RUNI" in ASCII: tells our database from any other, also from that of the public release 0.4.
APPLICATION_ID = 0x52554E49
SCHEMA_NUMBER = 3

_BIG = BigInteger


class ExperimentRow(SQLModel, table=True):
    """One run; the first columns up to ``run_dir`` are a contract with SQL users.

    Attributes:
        folder: The run's folder relative to the root, with ``/``; `run_dir` is the absolute path.
        slot: Ordinal in the project, given once and never changed.
        heartbeat_at: Last sign of the process `[s]`.
        documents: Fingerprint of the small documents as they were read.
        evidence: JSON of what `runicorn.states.judge` needs; NULL when the state is final.
        search: What a search looks at, case-folded.
    """

    __tablename__ = "experiments"
    __table_args__ = (
        Index("experiments_created", "created_at", "id"),
        Index("experiments_updated", "updated_at", "id"),
        Index("experiments_project", "project", "slot"),
    )

    id: str = Field(primary_key=True)
    project: str
    name: str
    created_at: float
    updated_at: float
    status: str
    best_metric_name: str | None
    best_metric_value: float | None
    best_metric_step: int | None = Field(sa_type=_BIG)
    deleted_at: float | None
    run_dir: str
    folder: str
    slot: int
    started_at: float | None
    ended_at: float | None
    heartbeat_at: float | None
    exit_reason: str | None
    hostname: str | None
    user_name: str | None
    group_name: str | None
    job_type: str | None
    pid: int | None = Field(sa_type=_BIG)
    attempt: int
    best_metric_mode: str | None
    documents: str
    evidence: str | None
    search: str
    notes: str | None
    tags: str
    # Long texts last: SQLite reads a row from its start and stops at the last column asked for.
    summary: str
    config: str


class TagRow(SQLModel, table=True):
    """One tag of a run."""

    __tablename__ = "tags"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tag: str = Field(primary_key=True)
    run_id: str = Field(primary_key=True, index=True)


class ConfigValueRow(SQLModel, table=True):
    """One leaf of a run's config; `num` where it is a number or a flag, `text` where it is not."""

    __tablename__ = "config_values"
    __table_args__ = (
        Index("config_values_path", "path", "num"),
        {"sqlite_with_rowid": False},
    )

    run_id: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    num: float | None
    text: str | None


class SeriesRow(SQLModel, table=True):
    """What is known of one metric of one run without reading its points: the current path only.

    First and last are by (step, line offset), so a later line at the same step is the later point.
    Extremes and mean are over finite values; among equal extremes the first logged counts.

    Attributes:
        key: As it was logged; that of a further rank as `runicorn.index.ranks.ranked` spells it.
        file: The journal that its points stand in.
        n_all: Points of all attempts.
        end_offset: Line offset of the last point read, plus 1 `[bytes]`.
        goal: ``min`` or ``max`` where a definition says so.
        total: Sum of the finite values, exact; see `runicorn.index.exact`.
    """

    __tablename__ = "series"
    __table_args__ = (
        Index("series_run", "run_id", "key", unique=True),
        Index("series_key", "key", "last_value"),
    )

    id: int | None = Field(default=None, primary_key=True)
    run_id: str
    key: str
    file: str
    n_all: int = Field(sa_type=_BIG)
    end_offset: int = Field(sa_type=_BIG)
    goal: str | None
    n: int = Field(sa_type=_BIG)
    n_finite: int = Field(sa_type=_BIG)
    n_le0: int = Field(sa_type=_BIG)
    n_nan: int = Field(sa_type=_BIG)
    total: str
    mean_value: float | None
    first_step: int | None = Field(sa_type=_BIG)
    first_value: float | None
    last_step: int | None = Field(sa_type=_BIG)
    last_value: float | None
    min_value: float | None
    min_value_step: int | None = Field(sa_type=_BIG)
    max_value: float | None
    max_value_step: int | None = Field(sa_type=_BIG)


class PointRow(SQLModel, table=True):
    """One logged point of any attempt."""

    __tablename__ = "points"
    __table_args__ = ({"sqlite_with_rowid": False},)

    series_id: int = Field(primary_key=True)
    step: int = Field(primary_key=True, sa_type=_BIG)
    line_offset: int = Field(primary_key=True, sa_type=_BIG)
    ts: float | None
    value: float | None
    stage: str | None
    attempt: int


class DefinitionRow(SQLModel, table=True):
    """What a script said of a metric, the last word for each name.

    Attributes:
        name: A key or a pattern.
        line_offset: Where its line starts `[bytes]`.
    """

    __tablename__ = "definitions"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: str = Field(primary_key=True)
    file: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    line_offset: int = Field(sa_type=_BIG)
    goal: str | None
    unit: str | None
    step_metric: str | None
    is_hidden: bool


class AttemptRow(SQLModel, table=True):
    """A stretch of a journal between two resumes.

    Attributes:
        resumed_at_step: Where it took up `[steps]`; NULL for the first.
        superseded_from: Points of this attempt at or after this step are superseded by a later
            attempt; NULL where none are.
    """

    __tablename__ = "attempts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: str = Field(primary_key=True)
    file: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    resumed_at_step: int | None = Field(sa_type=_BIG)
    superseded_from: int | None = Field(sa_type=_BIG)


class CursorRow(SQLModel, table=True):
    """How far a journal was read; moved in the transaction that stores what was read.

    Attributes:
        byte_offset: The next line starts here `[bytes]`.
        identity: Device, inode and modification time of the file, the last only once it could not
            change again without a new one; empty before anything was read.
        size_seen: The file's size when nothing more could be read from it `[bytes]`.
        tail: Hexadecimal of the last bytes before `byte_offset`, which tell this journal from any
            other.
        attempt: The attempt that the next line belongs to.
        last_ts: Latest time of a line `[s]`.
        n_resets: How often the journal turned out to be another one.
    """

    __tablename__ = "cursors"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: str = Field(primary_key=True)
    file: str = Field(primary_key=True)
    byte_offset: int = Field(sa_type=_BIG)
    n_lines: int = Field(sa_type=_BIG)
    n_damaged: int = Field(sa_type=_BIG)
    identity: str
    size_seen: int = Field(sa_type=_BIG)
    tail: str
    attempt: int
    last_ts: float | None
    n_resets: int


class ProblemRow(SQLModel, table=True):
    """Something of a run that can't be read, with its place; below 0 it is the whole file."""

    __tablename__ = "problems"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: str = Field(primary_key=True)
    file: str = Field(primary_key=True)
    byte_offset: int = Field(primary_key=True, sa_type=_BIG)
    message: str


class FactRow(SQLModel, table=True):
    """A fact about the index itself.

    `revision` is bumped by every transaction that changes the index; `reach` tells how far it
    has come since it was made (`runicorn.index.database.Reach`).
    """

    __tablename__ = "facts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    name: str = Field(primary_key=True)
    value: int = Field(sa_type=_BIG)


def _table(row: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(row.__tablename__)]


EXPERIMENTS = _table(ExperimentRow)
TAGS = _table(TagRow)
CONFIG_VALUES = _table(ConfigValueRow)
SERIES = _table(SeriesRow)
POINTS = _table(PointRow)
DEFINITIONS = _table(DefinitionRow)
ATTEMPTS = _table(AttemptRow)
CURSORS = _table(CursorRow)
PROBLEMS = _table(ProblemRow)
FACTS = _table(FactRow)
TABLES = (
    EXPERIMENTS, TAGS, CONFIG_VALUES, SERIES, POINTS, DEFINITIONS, ATTEMPTS, CURSORS, PROBLEMS,
    FACTS,
)  # fmt: skip

# The current path: what a later attempt superseded stays in `points` and is not shown here.
# `metric_value` is NULL where NaN was logged.
_METRICS_VIEW = """
CREATE VIEW metrics AS
SELECT s.run_id AS experiment_id, p.ts AS timestamp, s.key AS metric_name,
       p.value AS metric_value, p.step AS step, p.stage AS stage
FROM series AS s
JOIN points AS p ON p.series_id = s.id
LEFT JOIN attempts AS a ON a.run_id = s.run_id AND a.file = s.file AND a.attempt = p.attempt
WHERE a.superseded_from IS NULL OR p.step < a.superseded_from
"""


def create(connection: Connection, revision: int) -> None:
    """Create all tables and the view in an empty database.

    Args:
        connection: In a transaction that writes.
        revision: The first revision; should not have been given out before.
    """
    SQLModel.metadata.create_all(connection, tables=list(TABLES), checkfirst=False)
    connection.execute(text(_METRICS_VIEW))
    connection.execute(FACTS.insert(), [{"name": "revision", "value": revision}])


def drop(connection: Connection) -> None:
    """Drop everything that any schema of ours may have made.

    Args:
        connection: In a transaction that writes.
    """
    found = connection.execute(
        text("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view')")
    ).all()
    for kind, name in found:
        if not name.startswith("sqlite_"):
            quoted = name.replace('"', '""')
            connection.exec_driver_sql(f'DROP {kind} "{quoted}"')

"""Projects: which there are, and what their runs have in common."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Table, case, func, select

from runicorn.index.database import Database
from runicorn.index.schema import CONFIG_VALUES, EXPERIMENTS, SERIES
from runicorn.query.models import FieldCount, ProjectFields, ProjectSummary


def list_projects(database: Database) -> list[ProjectSummary]:
    """List projects that have runs outside of the recycle bin, latest activity first."""
    row = EXPERIMENTS.c
    last = func.max(row.updated_at)
    statement = (
        select(
            row.project, func.count(), func.sum(case((row.status == "running", 1), else_=0)), last
        )
        .where(row.deleted_at.is_(None))
        .group_by(row.project)
        .order_by(last.desc(), row.project)
    )
    with database.answering() as connection:
        return [
            ProjectSummary(
                project=project, n_runs=n_runs, n_running=n_running, last_activity_at=last_at
            )
            for project, n_runs, n_running, last_at in connection.execute(statement)
        ]


def list_fields(
    database: Database, project: str, runs: Collection[str] | None = None
) -> ProjectFields:
    """List metrics and config paths of a project's runs, the most frequent first.

    Args:
        database: The index.
        project: The project.
        runs: Ids of the only runs that count; all of the project when ``None``.
    """
    return ProjectFields(
        metrics=_count(database, project, runs, SERIES, "key"),
        config=_count(database, project, runs, CONFIG_VALUES, "path"),
    )


def _count(
    database: Database, project: str, runs: Collection[str] | None, table: Table, column: str
) -> list[FieldCount]:
    name, n_runs = table.c[column], func.count()
    statement = (
        select(name, n_runs)
        .join(EXPERIMENTS, EXPERIMENTS.c.id == table.c.run_id)
        .where(EXPERIMENTS.c.project == project, EXPERIMENTS.c.deleted_at.is_(None))
        .group_by(name)
        .order_by(n_runs.desc(), name)
    )
    if runs is not None:
        statement = statement.where(EXPERIMENTS.c.id.in_(runs))
    with database.answering() as connection:
        return [FieldCount(key=key, n_runs=count) for key, count in connection.execute(statement)]

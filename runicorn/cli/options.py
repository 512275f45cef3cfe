"""Options and arguments that several commands share, and what the shell completes them with."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

# So many run ids are offered to the shell at most, the newest first.
MAX_OFFERED = 100


def complete_run(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the runs whose ids begin with what was typed so far, and what they are."""
    return _runs(ctx, incomplete, is_deleted=None)


def complete_deleted_run(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return such runs of the recycle bin."""
    return _runs(ctx, incomplete, is_deleted=True)


def _runs(ctx: typer.Context, incomplete: str, *, is_deleted: bool | None) -> list[tuple[str, str]]:
    from runicorn.curation.finding import folders_by_id
    from runicorn.settings import find_root

    folders = folders_by_id(find_root(ctx.params.get("root")))
    ids = sorted((run_id for run_id in folders if run_id.startswith(incomplete)), reverse=True)
    offered = (
        (run_id, f"{folders[run_id].project}/{folders[run_id].name}")
        for run_id in ids
        if is_deleted is None or folders[run_id].deleted.exists() == is_deleted
    )
    return list(islice(offered, MAX_OFFERED))


def complete_project(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the projects whose names begin with what was typed so far."""
    from runicorn.layout import iter_run_dirs
    from runicorn.settings import find_root

    projects = {folder.project for folder in iter_run_dirs(find_root(ctx.params.get("root")))}
    return sorted(project for project in projects if project.startswith(incomplete))


Root = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="FOLDER",
        help="Folder of the runs. Default: RUNICORN_DIR, else the settings, else ./.runicorn.",
        show_default=False,
        is_eager=True,  # completion asks for it
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]
NewestRun = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run's id, or a beginning of it that no other run has; the newest run if left out.",
        autocompletion=complete_run,
        show_default=False,
    ),
]
RunIds = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN",
        help="Ids of runs, or beginnings of them that no other run has.",
        autocompletion=complete_run,
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

# Which runs.
Filter = Annotated[
    str | None,
    typer.Option(
        "--filter",
        "-F",
        metavar="FILTER",
        help="Only runs that it holds for, such as 'cfg.lr<1e-2 val/acc.max>0.9 not tag:old'.",
        show_default=False,
    ),
]
Project = Annotated[
    str | None,
    typer.Option(
        "--project",
        "-p",
        metavar="PROJECT",
        help="Only runs of this project.",
        autocompletion=complete_project,
        show_default=False,
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--name", "-n", metavar="NAME", help="Only runs of this experiment.", show_default=False
    ),
]
Statuses = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        "-s",
        metavar="STATUS",
        help="Only runs that are running, finished, failed, interrupted, killed or lost; may be "
        "given more than once.",
        show_default=False,
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        "-t",
        metavar="TAG",
        help="Only runs with this tag; given more than once, runs that have all of them.",
        show_default=False,
    ),
]
Search = Annotated[
    str | None,
    typer.Option(
        "--search",
        metavar="TEXT",
        help="Only runs with this text in their name, id, project or notes.",
        show_default=False,
    ),
]

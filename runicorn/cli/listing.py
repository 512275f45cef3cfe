"""The command ``ls``: which runs there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from runicorn.cli import options
from runicorn.cli.choosing import matching, query_of
from runicorn.cli.output import complain, emit, is_terminal, tell
from runicorn.cli.roots import existing_root, opened
from runicorn.cli.tables import Column, table
from runicorn.cli.texts import counted

if TYPE_CHECKING:
    from runicorn.query.models import Experiment

CONFIG_PREFIX = "cfg."
_STANDARD = (
    Column("run", "id"),
    Column("experiment", "id"),
    Column("status", "status"),
    Column("created", "time", rank=2),
    Column("took", "duration", rank=3),
    Column("best", "id", rank=1),
    Column("tags", "text", rank=4),
)
_Sort = Annotated[
    str,
    typer.Option(
        "--sort",
        metavar="FIELD",
        help="created_at, updated_at, started_at, ended_at, duration_s, status, name, project, "
        "id, best_metric_value, cfg.<path> or a metric such as val/acc@max; with - in front "
        "the largest first.",
    ),
]
_Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        "-c",
        metavar="FIELD",
        help="Show this config value (cfg.<path>) or metric as well, its last value or "
        "another as in val/acc@max; may be given more than once.",
        show_default=False,
    ),
]


def ls(
    root: options.Root = None,
    project: options.Project = None,
    name: options.Name = None,
    status: options.Statuses = None,
    tag: options.Tags = None,
    search: options.Search = None,
    filter_: options.Filter = None,
    sort: _Sort = "-created_at",
    limit: Annotated[
        int, typer.Option("--limit", "-l", min=0, metavar="N", help="So many runs; 0 for all.")
    ] = 50,
    column: _Columns = None,
    with_deleted: Annotated[
        bool, typer.Option("--all", "-a", help="Also runs in the recycle bin.")
    ] = False,
    only_deleted: Annotated[
        bool, typer.Option("--deleted", help="Only runs in the recycle bin.")
    ] = False,
    only_ids: Annotated[
        bool, typer.Option("--ids", "-q", help="Write nothing but the ids, one a line.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """List runs, the newest first.

    On a terminal, columns that there is no room for are left out. Elsewhere lines are separated by
    tabs, times are in ISO 8601 and numbers in full.
    """
    folder, columns = existing_root(root), list(dict.fromkeys(column or ()))
    query = query_of(project, name, status, tag, search, filter_, sort, columns)
    query = query.model_copy(update={"include_deleted": with_deleted, "only_deleted": only_deleted})
    with opened(folder) as store:
        found, total = matching(store, query, limit or None)
        experiments = list(found)
    if as_json:
        emit({"runs": [each.model_dump() for each in experiments], "total": total})
    elif only_ids:
        for each in experiments:
            tell(each.id)
    else:
        _show(experiments, columns, has_bin=with_deleted)
    if not as_json and not only_ids:
        _say_the_rest(len(experiments), total, is_filtered=query != query_of(sort=sort))


def _show(experiments: list[Experiment], chosen: list[str], *, has_bin: bool) -> None:
    columns = [
        *_STANDARD[:-1],
        *(Column(name, _kind_of(name, experiments)) for name in chosen),
        _STANDARD[-1],
    ]
    if any(each.n_problems for each in experiments):
        columns.append(Column("problems", "number", rank=1))
    if has_bin:
        columns.append(Column("deleted"))
    rows = ({**_cells(each), **_chosen(each, chosen)} for each in experiments)
    if experiments or not is_terminal():
        table(columns, ([row[column.name] for column in columns] for row in rows))


def _cells(each: Experiment) -> dict[str, Any]:
    return {
        "run": each.id,
        "experiment": f"{each.project}/{each.name}" if each.name else each.project,
        "status": each.status,
        "created": each.created_at,
        "took": each.duration_s,
        "best": best_of(each),
        "tags": each.tags,
        "problems": each.n_problems or None,
        "deleted": "yes" if each.is_deleted else None,
    }


def best_of(each: Experiment) -> str | None:
    """Return the best value of a run's primary metric with its name; ``None`` without one."""
    value = each.best_metric_value
    if each.best_metric_name is None or value is None:
        return None
    number = format(value, ".6g") if is_terminal() and not isinstance(value, str) else value
    return f"{each.best_metric_name} {number}"


def _chosen(each: Experiment, names: list[str]) -> dict[str, Any]:
    return {
        name: each.config.get(name.removeprefix(CONFIG_PREFIX))
        if name.startswith(CONFIG_PREFIX)
        else each.summary.get(name)
        for name in names
    }


def _kind_of(name: str, experiments: list[Experiment]) -> Any:
    values = [_chosen(each, [name])[name] for each in experiments]
    is_number = all(isinstance(value, int | float | None) for value in values)
    return "number" if is_number else "text"


def _say_the_rest(n_shown: int, total: int, *, is_filtered: bool) -> None:
    if not total:
        complain("no run matches" if is_filtered else "no runs yet")
    elif n_shown < total:
        complain(f"{n_shown} of {counted(total, 'run')}; --limit shows more")

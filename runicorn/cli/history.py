"""The command ``history``: the metrics of a run, step by step."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import compress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runicorn.cli import options
from runicorn.cli.output import complain, emit, is_terminal
from runicorn.cli.roots import existing_root, opened, run_of
from runicorn.cli.tables import Column, table
from runicorn.cli.texts import counted
from runicorn.errors import NotFoundError
from runicorn.values import nonfinite_name

if TYPE_CHECKING:
    from runicorn.query.history import History
    from runicorn.stored import StoredRun

# So many rows are shown on a terminal when nobody says how many.
TERMINAL_ROWS = 20


def history(
    run: options.NewestRun = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            metavar="GLOB",
            help="Only metrics that match, such as 'val/*'; may be given more than once.",
            show_default=False,
        ),
    ] = None,
    start: Annotated[
        int | None,
        typer.Option("--from", metavar="STEP", help="First step.", show_default=False),
    ] = None,
    stop: Annotated[
        int | None, typer.Option("--to", metavar="STEP", help="Last step.", show_default=False)
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            "-r",
            min=0,
            metavar="N",
            help=f"At most so many rows, evenly spread; 0 for all. Default: {TERMINAL_ROWS} on a "
            "terminal, else all.",
            show_default=False,
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV.")] = False,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Show the metrics of a run, a row for each step.

    Of values that were logged twice at one step the later is shown; `runicorn export` writes both.
    """
    folder = existing_root(root)
    found = run_of(folder, run)
    with opened(folder, [found.id]) as store:
        read = store.run(found.id)
        points = read.history(*_keys(read, metric or []), start=start, stop=stop)
    is_shown = not as_csv and not as_json
    at_most = TERMINAL_ROWS if rows is None and is_shown and is_terminal() else rows
    kept = list(_spread(len(points), at_most or None))
    lines = compress(_rows(points), kept)
    if as_json:
        emit({"run_id": found.id, "columns": ["step", *points.keys, "time"], "rows": _json(lines)})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["step", *points.keys, "time"])
        writer.writerows(_exact(row) for row in lines)
    else:
        _show(points, lines, sum(kept))


def _keys(run: StoredRun, globs: list[str]) -> list[str]:
    """Return the metrics that match; none means all."""
    known = run.metrics
    if not known:
        raise NotFoundError(f"run {run.id} has logged no metric")
    chosen = [key for key in known if any(fnmatchcase(key, glob) for glob in globs)]
    if globs and not chosen:
        raise NotFoundError(f"no metric matches {' or '.join(globs)}; there are {', '.join(known)}")
    return chosen


def _spread(n_rows: int, at_most: int | None) -> Iterator[bool]:
    """Tell for each row whether it is kept, first and last among them."""
    if at_most is None or n_rows <= at_most:
        return iter([True] * n_rows)
    last = max(1, at_most - 1)
    kept = {round(number * (n_rows - 1) / last) for number in range(at_most)}
    return iter([number in kept for number in range(n_rows)])


def _rows(points: History) -> Iterator[list[Any]]:
    return ([*row, time] for row, time in zip(points, points.times.tolist(), strict=True))


def _show(points: History, lines: Iterator[list[Any]], n_kept: int) -> None:
    columns = [
        Column("step", "number"),
        *(Column(key, "number", rank=1 + at) for at, key in enumerate(points.keys)),
        Column("after", "duration", rank=len(points.keys) + 1)
        if is_terminal()
        else Column("time", "number"),
    ]
    dropped = table(columns, _since_start(points, lines) if is_terminal() else lines)
    if n_kept < len(points):
        complain(f"{n_kept} of {counted(len(points), 'step')}; --rows 0 shows all")
    metrics = [name for name in dropped if name in points.keys]
    if metrics:
        complain(f"no room for {counted(len(metrics), 'metric')}; -m says which to show")


def _since_start(points: History, lines: Iterator[list[Any]]) -> Iterator[list[Any]]:
    first = min((time for time in points.times.tolist() if math.isfinite(time)), default=0.0)
    for *cells, time in lines:
        yield [*cells, time - first if math.isfinite(time) else None]


def _exact(row: list[Any]) -> list[Any]:
    return ["NaN" if cell != cell else cell for cell in row]  # noqa: PLR0124 - only NaN does


def _json(lines: Iterator[list[Any]]) -> list[list[Any]]:
    return [
        [
            nonfinite_name(cell) if isinstance(cell, float) and cell - cell != 0 else cell
            for cell in row
        ]
        for row in lines
    ]

"""The command ``compare``: what differs between runs, in config and in metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runicorn.cli import options
from runicorn.cli.output import complain, emit, is_terminal
from runicorn.cli.roots import existing_root, opened
from runicorn.cli.showing import leaves, metrics_of, said_of
from runicorn.cli.tables import Column, table
from runicorn.cli.texts import counted
from runicorn.curation.finding import find_runs
from runicorn.errors import UsageError

if TYPE_CHECKING:
    from runicorn.stored import StoredRun

VALUES = ("last", "best", "min", "max", "mean", "first")
Values = dict[str, list[Any]]


def compare(
    runs: options.RunIds,
    value: Annotated[
        str,
        typer.Option("--value", metavar="WHICH", help=f"Of each metric: {', '.join(VALUES)}."),
    ] = "last",
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Also what is the same in all of them.")
    ] = False,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Compare runs: the config values, metrics and outputs in which they differ."""
    if value not in VALUES:
        raise UsageError(f"--value {value!r} is none of {', '.join(VALUES)}")
    folder = existing_root(root)
    ids = [each.id for each in find_runs(folder, runs, is_deleted=None)]
    with opened(folder, ids) as store:
        found = [store.run(run_id) for run_id in ids]
        config = _joined(found, lambda run: dict(leaves(run.config)))
        metrics = _joined(found, lambda run: _numbers(run, value))
        outputs = _joined(found, lambda run: dict(leaves(said_of(run))))
    parts = {"config": config, "metrics": metrics, "summary": outputs}
    shown = {name: _chosen(values, everything=everything) for name, values in parts.items()}
    if as_json:
        emit({"runs": ids, **shown})
        return
    _show(found, shown, value)
    n_same = sum(map(len, parts.values())) - sum(map(len, shown.values()))
    if n_same:
        complain(f"{counted(n_same, 'value')} the same in all of them; --all shows them")


def _joined(runs: Sequence[StoredRun], values_of: Callable[[StoredRun], dict[str, Any]]) -> Values:
    """Return the values of each run by name; ``None`` where a run has none."""
    found = [values_of(run) for run in runs]
    names = dict.fromkeys(name for values in found for name in values)
    return {name: [values.get(name) for values in found] for name in names}


def _numbers(run: StoredRun, value: str) -> dict[str, Any]:
    return {key: getattr(summary, value) for key, summary in metrics_of(run).items()}


def _chosen(values: Values, *, everything: bool) -> Values:
    return {
        name: each for name, each in values.items() if everything or len(set(map(_text, each))) > 1
    }


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _show(runs: Sequence[StoredRun], shown: dict[str, Values], value: str) -> None:
    heads = _heads([run.id for run in runs])
    if is_terminal():
        columns = (
            Column("run", "id"),
            Column("called", "id"),
            Column("experiment", "id"),
            Column("status", "status", rank=1),
        )
        rows = (
            (run.id, head, f"{run.project}/{run.name}", run.status)
            for run, head in zip(runs, heads, strict=True)
        )
        table(columns, rows)
    for title, values in shown.items():
        if values:
            kinds: list[Any] = [_kind(values, at) for at in range(len(runs))]
            named = f"{title} ({value})" if title == "metrics" else title
            table(
                [Column("name", "id"), *map(Column, heads, kinds)],
                ([name, *each] for name, each in values.items()),
                named,
            )


def _heads(ids: list[str]) -> list[str]:
    """Return what the runs are called in headings: on a terminal the end of the id that differs."""
    ends = [run_id.rpartition("_")[2] for run_id in ids]
    return ends if is_terminal() and len(set(ends)) == len(ids) else ids


def _kind(values: Values, at: int) -> str:
    is_number = all(isinstance(each[at], int | float | None) for each in values.values())
    return "number" if is_number else "text"

"""The command ``show``: one run, whole."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runicorn import clock
from runicorn.annotations import read_meta
from runicorn.cli import options
from runicorn.cli.output import emit, is_terminal
from runicorn.cli.roots import existing_root, opened, run_of
from runicorn.cli.tables import Column, facts, plain, table
from runicorn.cli.texts import ago, duration, moment
from runicorn.documents import text_of

if TYPE_CHECKING:
    from runicorn.layout import RunDir
    from runicorn.query.models import Experiment, ExperimentDetail

_METRICS = (Column("metric"), Column("last", "number"))
_SHOWN_AS_BEST = frozenset(f"best_metric_{each}" for each in ("name", "value", "step", "mode"))
_PROBLEMS = (Column("file"), Column("at byte", "number"), Column("problem"))


def show(
    run: options.NewestRun = None,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Show one run: how it stands, its config, its last values and what can't be read."""
    folder_of_root = existing_root(root)
    folder = run_of(folder_of_root, run)
    with opened(folder_of_root, [folder.id]) as store:
        detail = store.experiment(folder.id)
    meta, _problems = read_meta(folder)
    if as_json:
        emit({**detail.model_dump(), "notes": text_of(meta, "notes"), "meta": meta})
        return
    facts("", _facts(folder, detail, meta))
    facts("config", leaves(detail.experiment.config))
    if detail.experiment.summary:
        table(_METRICS, _numbers(detail.experiment.summary), "metrics")
    outputs = {key: value for key, value in detail.outputs.items() if key not in _SHOWN_AS_BEST}
    facts("summary", leaves(outputs))
    if detail.problems:
        rows = ((each.file, each.offset, each.message) for each in detail.problems)
        table(_PROBLEMS, rows, "problems")


def leaves(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Iterate over the values of a nested document by their paths, parts joined by dots."""
    for key, value in document.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping) and value:
            yield from leaves(value, path)
        else:
            yield path, value


def _numbers(summary: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, summary[key]) for key in sorted(summary))


def _facts(
    folder: RunDir, detail: ExperimentDetail, meta: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    run = detail.experiment
    yield "run", run.id
    yield "experiment", f"{run.project}/{run.name}"
    yield "status", run.status + (", in the recycle bin" if run.is_deleted else "")
    if run.exit_reason:
        yield "because", run.exit_reason.strip().splitlines()[-1]
    yield "created", _when(run.created_at)
    if run.duration_s is not None:
        yield "took", duration(run.duration_s) if is_terminal() else run.duration_s
    if run.attempt > 1:
        yield "attempts", run.attempt
    if run.best_metric_name:
        at = "" if run.best_metric_step is None else f" at step {run.best_metric_step}"
        yield "best", f"{run.best_metric_name} {run.best_metric_value}{at}"
    yield from _origin(run, meta)
    yield "folder", str(folder.path)
    yield "files", detail.file_count
    summary = detail.metrics_summary
    yield "points", summary.total_data_points
    if summary.step_range.min is not None:
        yield "steps", f"{summary.step_range.min} to {summary.step_range.max}"


def _origin(run: Experiment, meta: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if run.tags:
        yield "tags", run.tags
    for key, name in (("notes", "notes"), ("group", "group"), ("job_type", "job type")):
        if isinstance(meta.get(key), str) and meta[key]:
            yield name, meta[key]
    if run.hostname:
        yield "host", f"{run.hostname}, process {run.pid}" if run.pid else run.hostname
    argv = meta.get("argv")
    if isinstance(argv, list) and argv:
        yield "command", shlex.join(map(str, argv))


def _when(then: float) -> Any:
    if not is_terminal():
        return plain("time", then)
    return f"{moment(then)}, {ago(then, clock.now())}"

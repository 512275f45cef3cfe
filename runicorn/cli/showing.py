"""The command ``show``: one run, whole."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict
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
    from runicorn.query.models import ExperimentDetail
    from runicorn.query.summaries import MetricSummary
    from runicorn.stored import StoredRun

_METRICS = (
    Column("metric", "id"),
    Column("last", "number"),
    Column("min", "number", rank=1),
    Column("max", "number", rank=2),
    Column("mean", "number", rank=3),
    Column("points", "number", rank=4),
)
_ALERTS = (Column("level", "status"), Column("when", "time"), Column("alert"))
_PROBLEMS = (Column("file"), Column("at byte", "number"), Column("problem"))
_SHOWN_AS_BEST = frozenset(f"best_metric_{each}" for each in ("name", "value", "step", "mode"))


def show(
    run: options.NewestRun = None,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Show one run: how it stands, its config, metrics and outputs, and what can't be read."""
    folder_of_root = existing_root(root)
    folder = run_of(folder_of_root, run)
    with opened(folder_of_root, [folder.id]) as store:
        detail, stored = store.experiment(folder.id), store.run(folder.id)
        metrics = metrics_of(stored)
    meta, _problems = read_meta(folder)
    alerts = list(_alerts(stored))
    if as_json:
        document = {**detail.model_dump(), "notes": text_of(meta, "notes"), "meta": meta}
        by_metric = {key: asdict(summary) for key, summary in metrics.items()}
        emit({**document, "metrics": by_metric, "alerts": alerts})
        return
    facts("", _facts(stored, detail, meta))
    facts("config", leaves(detail.experiment.config))
    if metrics:
        rows = (
            (key, each.last, each.min, each.max, each.mean, each.count)
            for key, each in metrics.items()
        )
        table(_METRICS, rows, "metrics")
    facts("summary", leaves(said_of(stored)))
    if alerts:
        said = ((each["level"], each["at"], _told(each)) for each in alerts)
        table(_ALERTS, said, "alerts")
    if detail.problems:
        problems = ((each.file, each.offset, each.message) for each in detail.problems)
        table(_PROBLEMS, problems, "problems")


def leaves(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Iterate over the values of a nested document by their paths, parts joined by dots."""
    for key, value in document.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping) and value:
            yield from leaves(value, path)
        else:
            yield path, value


def metrics_of(run: StoredRun) -> dict[str, MetricSummary]:
    """Return what was logged, by metric."""
    from runicorn.query.summaries import MetricSummary

    return {key: each for key, each in run.summary.items() if isinstance(each, MetricSummary)}


def said_of(run: StoredRun) -> dict[str, Any]:
    """Return the outputs that the script set itself."""
    metrics = metrics_of(run).keys() | _SHOWN_AS_BEST
    return {key: each for key, each in run.summary.items() if key not in metrics}


def _facts(
    run: StoredRun, detail: ExperimentDetail, meta: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    yield "run", run.id
    yield "experiment", f"{run.project}/{run.name}"
    yield "status", run.status + (", in the recycle bin" if run.is_deleted else "")
    if run.exit_reason and run.exit_reason.strip():
        yield "because", run.exit_reason.strip().splitlines()[-1]
    yield "created", _when(run.created_at)
    if run.duration_s is not None:
        yield "took", duration(run.duration_s) if is_terminal() else run.duration_s
    if run.attempt > 1:
        yield "attempts", run.attempt
    best = detail.experiment.best_metric_value
    if run.best_metric_name and best is not None:
        at = "" if run.best_metric_step is None else f" at step {run.best_metric_step}"
        number = f"{best:.6g}" if is_terminal() and isinstance(best, float) else best
        yield "best", f"{run.best_metric_name} {number}{at}"
    yield from _origin(run, meta)
    yield "folder", str(run.run_dir)
    yield "files", detail.file_count
    summary = detail.metrics_summary
    yield "points", summary.total_data_points
    if summary.step_range.min is not None:
        yield "steps", f"{summary.step_range.min} to {summary.step_range.max}"


def _origin(run: StoredRun, meta: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    pid, argv = meta.get("pid"), meta.get("argv")
    said = {
        "tags": run.tags,
        "notes": run.notes,
        "group": run.group,
        "job type": run.job_type,
        "user": run.user,
        "host": f"{run.hostname}, process {pid}" if run.hostname and pid else run.hostname,
        "command": shlex.join(map(str, argv)) if isinstance(argv, list) else None,
        "git": _git(run.environment.get("git_info")),
    }
    yield from ((name, value) for name, value in said.items() if value)


def _git(info: Any) -> str | None:
    commit = info.get("commit") if isinstance(info, dict) else None
    if not isinstance(commit, str):
        return None
    branch = f" on {info['branch']}" if isinstance(info.get("branch"), str) else ""
    return f"{commit[:12]}{branch}{', with changes' if info.get('dirty') else ''}"


def _alerts(run: StoredRun) -> Iterator[dict[str, Any]]:
    for event in run.events("alert"):
        said = {key: str(event.data.get(key) or "") for key in ("level", "title", "text")}
        yield {"at": event.ts, **said}


def _told(alert: Mapping[str, Any]) -> str:
    return ": ".join(part for part in (alert["title"], alert["text"]) if part)


def _when(then: float) -> Any:
    if not is_terminal():
        return plain("time", then)
    return f"{moment(then)}, {ago(then, clock.now())}"

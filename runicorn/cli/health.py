"""The commands ``doctor``, ``reindex`` and ``du``: how a root stands and what it takes."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runicorn import clock
from runicorn.cli import options
from runicorn.cli.output import complain, emit, is_terminal, tell
from runicorn.cli.progress import progress
from runicorn.cli.roots import existing_root
from runicorn.cli.tables import Column, facts, table
from runicorn.cli.texts import counted, duration, size

if TYPE_CHECKING:
    from runicorn.curation.checkup import Finding
    from runicorn.curation.usage import Usage

_FINDINGS = (Column("level", "status"), Column("check", "id"), Column("found"))
_ADVICE = Column("advice")
_RUNS = (
    Column("run", "id"),
    Column("experiment", "id", rank=2),
    Column("files", "number", rank=3),
    Column("size", "bytes"),
    Column("deleted", rank=1),
)


def doctor(root: options.Root = None, as_json: options.AsJson = False) -> None:
    """Look for what may be wrong with a root, and say what to do about it.

    Changes nothing but the index. Ends with 1 when there is an error.
    """
    from runicorn.curation.checkup import examine
    from runicorn.settings import find_root

    with progress("reading journals", "runs") as told:
        findings = list(examine(find_root(root), told))
    if as_json:
        emit({"findings": [asdict(each) for each in findings]})
    elif is_terminal():
        table(_FINDINGS, _rows(findings))
    else:
        rows = ((each.level, each.check, each.message, each.advice) for each in findings)
        table((*_FINDINGS, _ADVICE), rows)
    n_errors = Counter(each.level for each in findings)["error"]
    if n_errors:
        complain(f"the root has {counted(n_errors, 'error')}")
        raise typer.Exit(1)


def reindex(
    going_on: Annotated[
        bool,
        typer.Option("--continue", help="Keep what is indexed and read the rest."),
    ] = False,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Make the index anew from the files of the runs.

    It may be stopped at any time: --continue, or whoever reads next, goes on from there.
    """
    from runicorn.index.place import database_path
    from runicorn.store import Store

    folder, began = existing_root(root), clock.monotonic()
    with Store(folder) as store:
        try:
            with progress("reading journals", "runs") as told:
                report = store.catch_up(progress=told) if going_on else store.rebuild(told)
        except KeyboardInterrupt:
            complain("stopped; `runicorn reindex --continue`, or whoever reads next, goes on")
            raise
    took_s = clock.monotonic() - began
    n_runs, path = len(report.changed if going_on else report.added), database_path(folder)
    n_bytes = path.stat().st_size
    if as_json:
        emit(
            {
                "n_runs": n_runs,
                "n_points": report.n_points,
                "duration_s": took_s,
                "index": str(path),
                "index_bytes": n_bytes,
            }
        )
        return
    what = f"{counted(report.n_points, 'point')} of {counted(n_runs, 'run')}"
    tell(f"{what} read in {duration(took_s)}; {path} has {size(n_bytes)}")


def du(
    limit: Annotated[
        int,
        typer.Option("--limit", "-l", min=0, metavar="N", help="The N largest runs; 0 for all."),
    ] = 20,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Show how much space runs, artifacts and the index take."""
    from runicorn.curation.usage import measure

    folder = existing_root(root)
    with progress("measuring", "runs") as told:
        usage = measure(folder, told)
    shown_runs = usage.runs[: limit or None]
    if as_json:
        emit({**_totals(usage), "runs": [_as_json(each) for each in shown_runs]})
        return
    table(
        _RUNS,
        (
            (
                each.folder.id,
                f"{each.folder.project}/{each.folder.name}",
                each.n_files,
                each.n_bytes,
                "yes" if each.is_deleted else None,
            )
            for each in shown_runs
        ),
    )
    if len(shown_runs) < len(usage.runs):
        complain(f"{len(shown_runs)} of {counted(len(usage.runs), 'run')}; --limit shows more")
    named = {
        name.removesuffix("_bytes").replace("_", " "): size(n_bytes) if is_terminal() else n_bytes
        for name, n_bytes in _totals(usage).items()
    }
    named["free on the disk"] = _free(shutil.disk_usage(folder).free)
    facts("in all", named.items())


def _free(n_bytes: int) -> Any:
    return size(n_bytes) if is_terminal() else n_bytes


def _totals(usage: Usage) -> dict[str, int]:
    return {
        "runs_bytes": sum(each.n_bytes for each in usage.runs),
        "in_the_recycle_bin_bytes": usage.deleted_bytes,
        "artifacts_bytes": usage.artifacts_bytes,
        "index_bytes": usage.index_bytes,
        "other_bytes": usage.other_bytes,
        "total_bytes": usage.total_bytes,
    }


def _as_json(each: Any) -> dict[str, Any]:
    return {
        "id": each.folder.id,
        "n_bytes": each.n_bytes,
        "n_files": each.n_files,
        "is_deleted": each.is_deleted,
    }


def _rows(findings: list[Finding]) -> Iterator[tuple[str, str, str]]:
    """Give the advice a line of its own, below what it is about."""
    for each in findings:
        yield each.level, each.check, each.message
        if each.advice:
            yield "", "", f"→ {each.advice}"

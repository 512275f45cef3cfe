"""The command ``export``: runs as tables or archives, in a file or on stdout."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from runicorn.cli import options
from runicorn.cli.choosing import matching, query_of
from runicorn.cli.formats import exporters, format_of
from runicorn.cli.output import emit, is_terminal, tell
from runicorn.cli.progress import progress
from runicorn.cli.roots import existing_root, opened
from runicorn.cli.texts import counted, size
from runicorn.curation.finding import find_runs, folders_by_id
from runicorn.errors import ConflictError, NotFoundError, UsageError
from runicorn.layout import RunDir
from runicorn.transfer import Selection

STDOUT = "-"
_Filters = tuple[str | None, str | None, list[str] | None, list[str] | None, str | None, str | None]
_Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN",
        help="Ids of runs, or beginnings of them that no other run has; else the options say "
        "which.",
        autocompletion=options.complete_run,
        show_default=False,
    ),
]
_Kind = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="csv, jsonl, parquet, zip or tar.gz; plugins may give more. Default: what the "
        "ending of the file says, csv on stdout.",
        show_default=False,
    ),
]
_Output = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write; - is stdout."),
]
_Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        "-m",
        metavar="GLOB",
        help="Only metrics that match, such as 'val/*'; may be given more than once.",
        show_default=False,
    ),
]
_Long = Annotated[
    bool,
    typer.Option("--long", help="A row for each value instead of one for each call of log."),
]
_AllAttempts = Annotated[
    bool, typer.Option("--all-attempts", help="Also what later attempts superseded.")
]


def export(
    runs: _Runs = None,
    kind: _Kind = None,
    output: _Output = STDOUT,
    metric: _Metrics = None,
    long: _Long = False,
    all_attempts: _AllAttempts = False,
    everything: Annotated[bool, typer.Option("--all", "-a", help="All runs of the root.")] = False,
    project: options.Project = None,
    name: options.Name = None,
    status: options.Statuses = None,
    tag: options.Tags = None,
    search: options.Search = None,
    filter_: options.Filter = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if there is one.")
    ] = False,
    root: options.Root = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Tell in JSON what was written; needs -o FILE.")
    ] = False,
) -> None:
    """Write what runs logged, in full resolution, or whole runs as an archive.

    Tables have a row for each call of log, in order, with the columns run_id, step, time (UTC
    seconds), stage, attempt and one for each metric. Nothing is rounded or left out: NaN and
    infinities stay, and what was logged twice at one step is there twice.

    A file is replaced at once when all is written, so that it is never half.
    """
    known = exporters()
    chosen = format_of(known, kind or ("csv" if output == STDOUT else None), output)
    exporter = known[chosen]
    if output == STDOUT and as_json:
        raise UsageError("--json tells about a file; say which with -o FILE")
    if output == STDOUT and is_terminal() and not exporter.is_text:
        raise UsageError(f"{chosen} is nothing to look at; say where to with -o FILE")
    folder = existing_root(root)
    filters = (project, name, status, tag, search, filter_)
    selected = _selected(folder, runs or [], filters, everything=everything)
    shape = "long" if long else "wide"
    selection = Selection(folder, selected, metric or (), shape, all_attempts)  # type: ignore[arg-type]
    with _target(output, force=force) as target, progress(f"writing {chosen}", "bytes") as told:
        exporter.write(selection, target, told)
    if output == STDOUT:
        return
    n_bytes = Path(output).stat().st_size
    if as_json:
        emit(
            {
                "file": output,
                "format": chosen,
                "runs": [each.id for each in selected],
                "n_bytes": n_bytes,
            }
        )
    else:
        tell(f"{counted(len(selected), 'run')} written to {output} ({size(n_bytes)})")


def _selected(
    root: Path,
    runs: list[str],
    filters: _Filters,
    *,
    everything: bool,
) -> list[RunDir]:
    """Return the runs that the words mean, the oldest first where options chose them."""
    if runs and (everything or any(filters)):
        raise UsageError("name runs, or say by options which, not both")
    if runs:
        return find_runs(root, runs, is_deleted=None)
    if not everything and not any(filters):
        raise UsageError("name runs, or say which: --project, --tag and so on, or --all")
    with opened(root) as store:
        found, _total = matching(store, query_of(*filters, sort="created_at"))
        ids = [each.id for each in found]
    folders = folders_by_id(root)
    selected = [folders[run_id] for run_id in ids if run_id in folders]
    if not selected:
        raise NotFoundError("no run matches, so nothing was written")
    return selected


@contextmanager
def _target(output: str, *, force: bool) -> Iterator[BinaryIO]:
    """Give where to write; a file gets its name when the block ends well."""
    if output == STDOUT:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    if path.exists() and not force:
        raise ConflictError(f"{path} exists; --force replaces it")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise

"""The command ``import``: runs from an archive or a table."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from runicorn.cli import options
from runicorn.cli.formats import format_of, importers
from runicorn.cli.output import complain, emit, tell
from runicorn.cli.progress import progress
from runicorn.errors import InvalidNameError
from runicorn.ids import check_name
from runicorn.settings import find_root, value_of
from runicorn.transfer import Destination

STDIN = "-"
_Kind = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="archive or csv; plugins may give more. Default: what the file's ending says.",
        show_default=False,
    ),
]
_Project = Annotated[
    str | None,
    typer.Option(
        "--project",
        "-p",
        metavar="PROJECT",
        help="Where runs of a table go; default: the setting of new runs.",
        autocompletion=options.complete_project,
        show_default=False,
    ),
]
_Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        "-n",
        metavar="NAME",
        help="The experiment of runs of a table; default: the name of the file.",
        show_default=False,
    ),
]
_StepColumn = Annotated[
    str | None,
    typer.Option(
        "--step-column",
        metavar="COLUMN",
        help="Which column of a table holds the steps; default: step, _step, global_step, "
        "iteration, iter or epoch.",
        show_default=False,
    ),
]
_NoLimits = Annotated[
    bool,
    typer.Option(
        "--no-limits",
        help="Take archives of any size: for your own. Else 10 GiB, a million files and 200 "
        "times the archive's size are the most.",
    ),
]


def import_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What to import; - is stdin.", show_default=False)
    ],
    kind: _Kind = None,
    project: _Project = None,
    name: _Name = None,
    step_column: _StepColumn = None,
    no_limits: _NoLimits = False,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Import runs from an archive or a table.

    All of them are imported or none. A run that exists is left untouched. Archives may come from
    anybody: links, paths that lead elsewhere and bombs are refused.
    """
    known = importers()
    importer = known[format_of(known, kind, file)]
    destination = Destination(
        root=find_root(root),
        project=project or value_of("project"),
        name=name or _name_of(file),
        source=Path(file).name if file != STDIN else "stdin",
        step_column=step_column,
        is_trusted=no_limits,
    )
    with _source(file) as source, progress("importing", "bytes") as told:
        imported = importer.read(source, destination, told)
    if as_json:
        emit(
            {
                "added": [{"id": each.id, "run_dir": str(each.path)} for each in imported.added],
                "skipped": imported.skipped,
                "remarks": imported.remarks,
            }
        )
        return
    for each in imported.added:
        tell(f"{each.id} is in {each.project}/{each.name}")
    for run_id, reason in imported.skipped.items():
        complain(f"{run_id} was left out: {reason}")
    for remark in imported.remarks:
        complain(remark)


def _name_of(file: str) -> str:
    try:
        return check_name(Path(file).name.partition(".")[0])
    except InvalidNameError:
        return str(value_of("name"))


@contextmanager
def _source(file: str) -> Iterator[BinaryIO]:
    if file != STDIN:
        with Path(file).open("rb") as source:
            yield source
        return
    with tempfile.TemporaryFile() as spool:  # importers look at the end first
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.seek(0)
        yield spool

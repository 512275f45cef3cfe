"""The commands ``tag``, ``rm``, ``restore`` and ``move``: what is done to runs later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runicorn.cli import options
from runicorn.cli.output import complain, emit, tell
from runicorn.cli.progress import progress
from runicorn.cli.questions import confirm
from runicorn.cli.roots import existing_root
from runicorn.cli.tables import Column, table
from runicorn.cli.texts import counted, size
from runicorn.curation import moving, recycle, tagging
from runicorn.curation.finding import check_not_recording, find_runs, folders_by_id
from runicorn.curation.usage import run_bytes
from runicorn.errors import UsageError

if TYPE_CHECKING:
    from runicorn.layout import RunDir

_TAGGED = (Column("run", "id"), Column("tags"), Column("notes"))


def tag(
    runs: options.RunIds,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", "-a", metavar="TAG", help="Add this tag.", show_default=False),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            "--remove", "-r", metavar="TAG", help="Take this tag away.", show_default=False
        ),
    ] = None,
    notes: Annotated[
        str | None,
        typer.Option(
            "--notes", metavar="TEXT", help="The new notes; '' for none.", show_default=False
        ),
    ] = None,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Give tags and notes to runs, or show those they have.

    What the script said at the start is kept; see annotations.json in the folder of the run.
    """
    for each in add or ():
        tagging.check_tag(each)  # before the first run is changed
    folders = find_runs(existing_root(root), runs, is_deleted=None)
    changed = [
        (folder.id, *tagging.edit(folder, add or (), remove or (), notes)) for folder in folders
    ]
    if as_json:
        emit({"runs": [{"id": run, "tags": tags, "notes": text} for run, tags, text in changed]})
        return
    table(_TAGGED, changed)


def rm(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN",
            help="Ids of runs, or beginnings of them that no other run has.",
            autocompletion=options.complete_run,
            show_default=False,
        ),
    ] = None,
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove all their files for good, after asking.")
    ] = False,
    whole_bin: Annotated[
        bool, typer.Option("--all-deleted", help="With --purge: all that is in the recycle bin.")
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason", metavar="TEXT", help="Why, for whoever finds them.", show_default=False
        ),
    ] = None,
    yes: options.Yes = False,
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Put runs into the recycle bin, or remove them for good.

    Nothing is moved: a run in the bin is marked, and one that still records goes on undisturbed.
    Artifacts that a run made stay when it is purged.
    """
    if whole_bin and not purge:
        raise UsageError("--all-deleted goes with --purge: what is in the bin is deleted already")
    if bool(runs) == whole_bin:
        raise UsageError("name the runs, or --purge --all-deleted for all in the recycle bin")
    folder = existing_root(root)
    chosen = _in_bin(folder) if whole_bin else find_runs(folder, runs or [], is_deleted=None)
    if purge:
        _purge(folder, chosen, yes=yes, as_json=as_json)
        return
    new = [each for each in chosen if recycle.delete(each, reason)]
    if as_json:
        emit({"deleted": [each.id for each in new]})
        return
    for each in chosen:
        tell(f"{_named(each)} is in the recycle bin{'' if each in new else ' already'}")
    if new:
        complain("`runicorn restore` brings back, `runicorn rm --purge` removes for good")


def restore(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Ids of runs in the recycle bin, or beginnings of them that no other run has.",
            autocompletion=options.complete_deleted_run,
            show_default=False,
        ),
    ],
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Take runs out of the recycle bin."""
    folders = find_runs(existing_root(root), runs, is_deleted=True)
    for folder in folders:
        recycle.restore(folder)
    if as_json:
        emit({"restored": [folder.id for folder in folders]})
        return
    for folder in folders:
        tell(f"{_named(folder)} is back")


def move(
    runs: options.RunIds,
    to: Annotated[
        str,
        typer.Argument(
            metavar="PROJECT/NAME",
            help="Where to; the name may have several parts, such as vision/resnet/deep.",
            show_default=False,
        ),
    ],
    root: options.Root = None,
    as_json: options.AsJson = False,
) -> None:
    """Move runs to another project or experiment; nothing in them is rewritten."""
    project, slash, name = to.partition("/")
    if not slash:
        raise UsageError(f"{to!r} names no experiment; write PROJECT/NAME, such as {to}/default")
    folder = existing_root(root)
    chosen = find_runs(folder, runs, is_deleted=None)
    for each in chosen:
        check_not_recording(each, "moved")  # before the first one is moved
    moved = [moving.move(folder, each, project, name) for each in chosen]
    if as_json:
        emit({"moved": [{"id": each.id, "run_dir": str(each.path)} for each in moved]})
        return
    for each in moved:
        tell(f"{each.id} is in {each.project}/{each.name}")


def _in_bin(root: Path) -> list[RunDir]:
    return [each for each in folders_by_id(root).values() if each.deleted.exists()]


def _purge(root: Path, chosen: list[RunDir], *, yes: bool, as_json: bool) -> None:
    for each in chosen:
        check_not_recording(each, "purged")  # before the first one is removed
    sizes = {each.id: run_bytes(each) for each in chosen}
    what = f"{counted(len(chosen), 'run')} ({size(sum(sizes.values()))})"
    if chosen and not yes:
        confirm(f"Remove {what} for good?")
    with progress("purging", "runs") as told:
        for number, each in enumerate(chosen, start=1):
            recycle.purge(root, each)
            told(number, len(chosen))
    if as_json:
        emit({"purged": list(sizes), "freed_bytes": sum(sizes.values())})
    else:
        tell(f"{what} removed for good")


def _named(folder: RunDir) -> str:
    return f"{folder.id} of {folder.project}/{folder.name}" if folder.name else folder.id

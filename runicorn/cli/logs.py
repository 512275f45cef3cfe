"""The command ``logs``: what a run printed, as it lies there or as it comes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from runicorn import clock
from runicorn.cli import options
from runicorn.cli.output import complain, emit
from runicorn.cli.roots import existing_root, run_of
from runicorn.cli.texts import shown_log
from runicorn.documents import read_document
from runicorn.errors import NotFoundError
from runicorn.query.tail import LogPosition
from runicorn.states import State, judge

if TYPE_CHECKING:
    from runicorn.layout import RunDir

# How often a log is looked at for more, and how often the run's state is [s].
LOOK_S = 0.2
STATE_S = 1.0


def logs(
    run: options.NewestRun = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", "-f", help="Go on with what comes, until the run has ended."),
    ] = False,
    tail: Annotated[
        int | None,
        typer.Option(
            "--tail",
            "-n",
            min=0,
            metavar="N",
            help="Only the last N lines.",
            show_default=False,
        ),
    ] = None,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Every byte as it was printed, also what moves the cursor or renames the window.",
        ),
    ] = False,
    rank: Annotated[
        int,
        typer.Option("--rank", min=0, metavar="N", help="Of this process of a distributed job."),
    ] = 0,
    root: options.Root = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON document a line.")
    ] = False,
) -> None:
    """Show what a run printed.

    Colours are kept unless NO_COLOR is set; whatever else would steer the terminal is left out.
    A log that is cut or replaced while it is followed is read from its start.
    """
    folder = run_of(existing_root(root), run)
    path = folder.logs_of(rank)
    position = LogPosition(path)
    if tail is not None:
        position.skip_to_last(tail)
    if not follow and not path.exists():
        complain(f"run {folder.id} has printed nothing")
    lines = _followed(folder, position) if follow else _there(position)
    has_colours = not os.environ.get("NO_COLOR")
    for line in lines:
        if as_json:
            emit({"line": line}, is_line=True)
        else:
            sys.stdout.write((line if raw else shown_log(line, has_colours=has_colours)) + "\n")


def _there(position: LogPosition) -> Iterator[str]:
    """Give the lines that are there."""
    while lines := position.read() or position.read_rest():
        yield from lines


def _followed(folder: RunDir, position: LogPosition) -> Iterator[str]:
    """Give lines as they come until the run has ended."""
    n_restarts, look_at_state = 0, 0.0
    state = State("running", None)
    while True:
        has_ended = state.status != "running"
        while lines := position.read() or (position.read_rest() if has_ended else []):
            if position.n_restarts > n_restarts:
                n_restarts = position.n_restarts
                complain(f"the log of run {folder.id} was cut or replaced; from its start:")
            yield from lines
        if has_ended:
            complain(f"run {folder.id} is {state.status}")
            return
        sys.stdout.flush()
        if clock.monotonic() >= look_at_state:
            look_at_state = clock.monotonic() + STATE_S
            state = _state_of(folder)
            if state.status != "running":
                continue  # what was printed last may stand there by now
        time.sleep(LOOK_S)


def _state_of(folder: RunDir) -> State:
    if not folder.path.is_dir():
        raise NotFoundError(f"run {folder.id} is gone: {folder.path} was moved or removed")
    meta, status = read_document(folder.meta)[0], read_document(folder.status)[0]
    return judge(meta, status, clock.now())

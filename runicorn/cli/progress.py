"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere; on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from runicorn import clock
from runicorn.cli.output import complain, is_terminal
from runicorn.cli.texts import size

Unit = Literal["runs", "bytes", "epochs"]
Told = Callable[[int, int], None]
"""Called with (done, in all)."""

# Nothing is shown of work that is done this soon, and a plain line stands for so long [s].
QUICK_S = 0.5
PLAIN_EVERY_S = 5.0


@contextmanager
def progress(what: str, unit: Unit) -> Iterator[Told]:
    """Show how far something has come until the block ends.

    Args:
        what: What is done, such as ``reading journals``.
        unit: Of the numbers that are told.
    """
    if not is_terminal(sys.stderr):
        yield _Lines(what, unit)
        return
    bar = _Bar(what, unit)
    try:
        yield bar
    finally:
        bar.close()


class _Lines:
    def __init__(self, what: str, unit: Unit) -> None:
        self._what, self._unit = what, unit
        self._next_at = clock.monotonic() + PLAIN_EVERY_S

    def __call__(self, done: int, total: int) -> None:
        if clock.monotonic() >= self._next_at:
            self._next_at = clock.monotonic() + PLAIN_EVERY_S
            is_size = self._unit == "bytes"
            amount = f"{size(done)} of {size(total)}" if is_size else f"{done} of {total}"
            complain(f"{self._what}: {amount}{'' if is_size else f' {self._unit}'}")


class _Bar:
    """A bar that appears once the work turns out to take its time."""

    def __init__(self, what: str, unit: Unit) -> None:
        self._what, self._unit = what, unit
        self._shown_from = clock.monotonic() + QUICK_S
        self._close: Callable[[], None] | None = None
        self._update: Told | None = None

    def __call__(self, done: int, total: int) -> None:
        if self._update is None and clock.monotonic() >= self._shown_from:
            self._show()
        if self._update is not None:
            self._update(done, total)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._close is not None:
            self._close()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        amount = DownloadColumn() if self._unit == "bytes" else MofNCompleteColumn()
        bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            amount,
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        task = bars.add_task(self._what, total=None)
        bars.start()
        self._close = bars.stop
        self._update = lambda done, total: bars.update(task, completed=done, total=total)

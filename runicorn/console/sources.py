"""Sources: where what is printed can be heard, streams of Python and descriptors of the process."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol


class Source(Protocol):
    """Somewhere that text is written to."""

    def read(self) -> str:
        """Return some of what was written since the last call; empty when nothing was."""

    def carries(self, stream: object) -> bool:
        """Tell whether what is written to a stream of Python can be read here."""

    def look_after(self) -> None:
        """See that all is well; called a few times a second."""

    def flush(self, *, lagging_only: bool) -> None:
        """Have passed on what is kept back; may wait for somebody who writes.

        Args:
            lagging_only: Only where somebody who reads along would wait for whole lines.
        """

    def settle(self, timeout_s: float) -> None:
        """Wait until what was written can be read, so long at most `[s]`."""

    def release(self) -> None:
        """Let everything be as it was; what is on its way can still be read."""

    def close(self) -> None:
        """Give back what is held, after the release; the rest is not read any more."""

    def abandon(self) -> None:
        """Give back what a forked child has of it; its parent goes on."""


def fileno(stream: object) -> int | None:
    """Return the descriptor that a stream writes to, or ``None``."""
    try:
        number = stream.fileno()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - it is the user's, and may be anything
        return None
    return number if isinstance(number, int) else None


def streams() -> list[Any]:
    """Return what Python prints to: ``sys.stdout`` and ``sys.stderr``, as far as there are any."""
    return list(_unique((sys.stdout, sys.stderr)))


def flush(fds: Collection[int | None], *, lagging_only: bool) -> None:
    """Flush Python's streams to some descriptors.

    Args:
        fds: The descriptors.
        lagging_only: Leave out those that pass each line on by themselves.
    """
    for stream in _unique((sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)):
        is_lagging = not getattr(stream, "line_buffering", False)
        if fileno(stream) in fds and (is_lagging or not lagging_only):
            with suppress(Exception):  # it is the user's, and may be anything
                stream.flush()


def flush_c() -> None:
    """Flush the output of the C library, where its symbols can be reached."""
    import ctypes

    with suppress(AttributeError, OSError, TypeError, ValueError):
        library = ctypes.CDLL(None)
        # Only this one: flushing all waits for a thread that reads standard input.
        library.fflush(ctypes.c_void_p.in_dll(library, "stdout"))


def _unique(candidates: Iterable[Any]) -> Iterator[Any]:
    seen: set[int] = set()
    for stream in candidates:
        if stream is not None and id(stream) not in seen:
            seen.add(id(stream))
            yield stream

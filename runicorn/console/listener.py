"""A listener: one run, what it has heard from each source, and the lines that it made of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence

from runicorn import clock
from runicorn.console.fold import Fold
from runicorn.console.sources import Source
from runicorn.plugins.hookspecs import RecordingRun

# How many lines are remembered, in order not to log the last words of a script twice.
_N_LAST = 64


class Listener:
    """Logs what is printed for one run."""

    def __init__(self, run: RecordingRun, sources: Iterable[Source]) -> None:
        """Listen to sources from now on.

        Args:
            run: Whose log it is.
            sources: Each is a terminal of its own.
        """
        self._run = run
        self._folds = {source: Fold() for source in sources}
        self._last: deque[str] = deque(maxlen=_N_LAST)

    @property
    def sources(self) -> set[Source]:
        """What it listens to."""
        return set(self._folds)

    def feed(self, source: Source, text: str) -> None:
        """Hear what was written to a source, if it is one of its own."""
        fold = self._folds.get(source)
        if fold is not None:
            fold.feed(text)

    def take(self) -> None:
        """Log what is to be logged by now."""
        now = clock.monotonic()
        for fold in self._folds.values():
            self._log(fold.take(now))

    def end(self, last_words: str) -> None:
        """Log all that is left.

        Args:
            last_words: What the script says when it ends; left out when it was said before.
        """
        for fold in self._folds.values():
            self._log(fold.flush())
        words = last_words.splitlines()
        if words and words[-1] not in self._last:
            self._log(words)

    def _log(self, lines: Sequence[str]) -> None:
        if lines:
            self._last.extend(lines[-_N_LAST:])
            at = time.strftime("%H:%M:%S")
            self._run.write_log("".join(f"{at} | {line}\n" for line in lines))

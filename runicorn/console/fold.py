"""Folding: which rows of a screen become lines of a log that is only appended to, and when.

A row is logged when the cursor has left it downwards. While something above the cursor is redrawn
again and again, those rows wait. A row that keeps changing is logged now and then, so that somebody
who reads along sees how far it is, and once more with what it showed last.
"""

from __future__ import annotations

from runicorn.console.row import Row
from runicorn.console.terminal import Terminal

# How long rows wait after the cursor moved up to them: a bar may be drawn again [s].
HOLD_S = 3.0
# When a row that changes is logged: first, then by its age, but within these limits [s].
FIRST_S = 5.0
MAX_PAUSE_S = 60.0
PAUSE_BY_AGE = 0.05


class Fold:
    """Turns what is written to one terminal into lines."""

    def __init__(self) -> None:
        self._terminal = Terminal()
        self._screen = self._terminal.screen
        self._held_until = float("-inf")
        self._held_from: Row | None = None

    def feed(self, text: str) -> None:
        """Take text as it was written, cut anywhere."""
        self._terminal.feed(text)

    def take(self, now: float) -> list[str]:
        """Return the lines that are to be logged by now, without their newlines.

        Args:
            now: Of a clock that never goes back `[s]`.
        """
        self._hold(now)
        lines = self._take_gone()
        n_settled = self._n_settled()
        for index, row in enumerate(self._screen.rows):
            if not row.is_dirty:
                continue
            is_left = index < n_settled and not row.is_settled
            if is_left or self._is_due(row, now):
                row.is_settled = row.is_settled or is_left
                row.due_at = now + _pause_s(now - (row.shown_at or now))
                _log(row, lines)
        return lines

    def flush(self) -> list[str]:
        """Return all lines that are not logged yet, as they are now."""
        self._screen.clear()
        return self._take_gone()

    def _hold(self, now: float) -> None:
        screen = self._screen
        if screen.top is not None:
            self._held_until, self._held_from = now + HOLD_S, screen.rows[screen.top]
            screen.top = None
        elif now >= self._held_until:
            self._held_from = None

    def _n_settled(self) -> int:
        rows, y = self._screen.rows, self._screen.y
        if self._held_from is None:
            return y
        held = next((i for i, row in enumerate(rows) if row is self._held_from), 0)
        return min(y, held)

    def _is_due(self, row: Row, now: float) -> bool:
        if not row.width:
            return False
        if row.due_at is None:
            row.shown_at, row.due_at = now, now + FIRST_S
        return now >= row.due_at

    def _take_gone(self) -> list[str]:
        lines: list[str] = []
        for gone in self._screen.gone:
            if isinstance(gone, str):
                lines.append(gone)
            else:
                _log(gone, lines)
        self._screen.gone.clear()
        return lines


def _log(row: Row, lines: list[str]) -> None:
    if not row.is_dirty:
        return
    row.is_dirty = False
    text = row.render()
    # What was wiped out was only meant for the moment.
    if text != row.logged and (text or row.is_fresh):
        row.logged = text
        lines.append(text)


def _pause_s(age_s: float) -> float:
    return min(MAX_PAUSE_S, max(FIRST_S, age_s * PAUSE_BY_AGE))

"""The best value of a run's primary metric, derived from its journal.

It catches up from a byte offset like every reader, so that the log call need not compare anything.
Points that a later attempt superseded do not count.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from runicorn import clock
from runicorn.attempts import ATTEMPT, superseded_from
from runicorn.events import Event, as_number, decode, not_metrics_in, step_of
from runicorn.journal import iter_lines, read_batch

Mode = Literal["min", "max"]


class BestMetric:
    """Follows one metric of one journal.

    Attributes:
        name: The metric's key.
        mode: Whether ``max`` or ``min`` is best.
        value: The best finite value so far, or ``None``.
        step: Where it was logged first, or ``None``.
    """

    def __init__(self, journal: Path, name: str, mode: Mode, *, is_resumed: bool = True) -> None:
        """Begin at the start of a journal; only one that was resumed has attempts to look for."""
        self.name = name
        self.mode: Mode = mode
        self.value: float | None = None
        self.step: int | None = None
        self._journal = journal
        self._offset = 0
        self._limits: list[float] | None = None if is_resumed else []
        self._attempt = 0

    def catch_up(self, budget_s: float = math.inf) -> bool:
        """Read what the journal has gained.

        Args:
            budget_s: Stop once so much time has passed; the next call goes on `[s]`.

        Returns:
            Whether all was read.

        Raises:
            OSError: The journal can't be read.
        """
        if self._limits is None:
            # Attempts begin with their process, so no further one can come while this one reads.
            self._limits = superseded_from(iter_lines(self._journal))
        until = clock.monotonic() + budget_s
        while clock.monotonic() < until:
            batch = read_batch(self._journal, self._offset)
            for offset, line in batch.lines:
                if line is not None and (ATTEMPT in line or self._may_concern(line)):
                    event = decode(offset, line)
                    if isinstance(event, Event):
                        self._see(event)
            if batch.end == self._offset:
                return True
            self._offset = batch.end
        return False

    def as_summary(self) -> dict[str, str | float | int | None]:
        """Return the reserved keys of ``summary.json``; value and step once there is one."""
        named: dict[str, str | float | int | None] = {
            "best_metric_name": self.name,
            "best_metric_mode": self.mode,
        }
        if self.value is not None:
            named |= {"best_metric_value": self.value, "best_metric_step": self.step}
        return named

    def _may_concern(self, line: bytes) -> bool:
        # Cheap first look: most lines of a long journal need not be decoded. The last part of an
        # ASCII key stands in the line as it is; others may be escaped by another writer.
        return not self.name.isascii() or self.name.encode() in line

    def _see(self, event: Event) -> None:
        if event.type == "attempt":
            self._attempt += 1
        elif event.type == "metrics" and not self._is_superseded(event):
            self._compare(event)

    def _is_superseded(self, event: Event) -> bool:
        if not self._limits or self._attempt >= len(self._limits):
            return False
        step = step_of(event)
        return step is not None and step >= self._limits[self._attempt]

    def _compare(self, event: Event) -> None:
        if self.name in not_metrics_in(event.data):
            return
        value = as_number(event.data.get(self.name))
        if value is None or value - value != 0.0:
            return
        is_better = self.value is None or (
            value > self.value if self.mode == "max" else value < self.value
        )
        if is_better:
            self.value, self.step = value, step_of(event)

"""Attempts: from which step on a later attempt superseded what an earlier one logged."""

from __future__ import annotations

import math
from collections.abc import Iterable

from runicorn.events import Event, decode

ATTEMPT = b'"attempt"'
"""Stands in every line that begins an attempt."""


def superseded_from(lines: Iterable[tuple[int, bytes | None]]) -> list[float]:
    """Tell from which step on each attempt but the last is superseded `[steps]`; infinity: never.

    Args:
        lines: Of a journal, from its start: (offset `[bytes]`, line or ``None`` if it is too long).
    """
    limits: list[float] = []
    for offset, line in lines:
        event = decode(offset, line) if line is not None and ATTEMPT in line else None
        if isinstance(event, Event) and event.type == "attempt":
            resumed = event.data.get("resumed_at_step")
            limits.append(math.inf)
            if isinstance(resumed, int):
                limits = [min(limit, resumed) for limit in limits]
    return limits

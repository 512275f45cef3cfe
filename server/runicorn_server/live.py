"""Live notices: which runs and series changed. Small, merged, at most two a second per listener.

A notice says only that something is new; the listener then asks for what it shows. So nothing is
lost when notices are merged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from runicorn.query.models import CatchUpReport

# Two notices to one listener are at least this far apart [s].
GAP_S = 0.5


class Topic(BaseModel):
    """What a listener wants to hear of.

    Attributes:
        t: ``runs``: runs added, changed or removed; ``series``: new points.
        project: Only this project (``runs``); all when it is ``None``.
        runs: Only these runs (``series``).
    """

    t: Literal["runs", "series"]
    project: str | None = None
    runs: list[str] = Field(default=[], max_length=1000)


class Subscription(BaseModel):
    """A listener's message; it replaces what it wanted before."""

    sub: list[Topic] = Field(max_length=100)


@dataclass(eq=False, slots=True)
class Listener:
    """One open socket."""

    topics: list[Topic] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    n_added: int = 0
    has_news: asyncio.Event = field(default_factory=asyncio.Event)


class Notices:
    """All listeners of one server; used on the event loop only."""

    def __init__(self, revision: Callable[[], int], facts: Callable[[str], RunFacts]) -> None:
        """Prepare without listeners.

        Args:
            revision: Tells the revision of the index.
            facts: Tells project and last step of a run; called in a thread.
        """
        self._revision = revision
        self._facts = facts
        self._listeners: set[Listener] = set()

    def publish(self, report: CatchUpReport) -> None:
        """Hand the report of a catch-up to every listener."""
        for listener in self._listeners:
            listener.changed.update(report.added, report.changed, report.removed)
            listener.n_added += len(report.added)
            listener.has_news.set()

    def join(self) -> Listener:
        """Add a listener."""
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        self._listeners.discard(listener)

    async def next(self, listener: Listener) -> list[dict[str, Any]]:
        """Wait for news and return the notices for this listener; perhaps none."""
        await listener.has_news.wait()
        listener.has_news.clear()
        changed, listener.changed = listener.changed, set()
        n_added, listener.n_added = listener.n_added, 0
        return await asyncio.to_thread(self._shape, listener.topics, changed, n_added)

    def _shape(self, topics: list[Topic], changed: set[str], n_added: int) -> list[dict[str, Any]]:
        revision = self._revision()
        facts = {run_id: self._facts(run_id) for run_id in changed}
        notices: list[dict[str, Any]] = []
        for topic in topics:
            if topic.t == "runs":
                concerned = sorted(
                    run_id
                    for run_id, fact in facts.items()
                    if topic.project is None or fact.project in {None, topic.project}
                )
                if concerned:
                    notice = {"t": "runs", "rev": f"r:{revision}", "changed": concerned}
                    notices.append({**notice, "added": n_added})
            else:
                notices += [
                    {"t": "series", "run": run_id, "rev": f"s:{revision}", "x": facts[run_id].step}
                    for run_id in topic.runs
                    if run_id in facts
                ]
        return notices


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a notice says of a run; both ``None`` for a run that is gone."""

    project: str | None
    step: int | None

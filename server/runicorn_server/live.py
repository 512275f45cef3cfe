"""Live notices: which runs and series changed. Small, merged, at most two a second per listener.

A notice says only that something is new; the listener then asks for what it shows. So nothing is
lost when notices are merged.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from runicorn.errors import RunicornError
from runicorn.query.models import CatchUpReport
from runicorn.store import Store

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
    """One open socket.

    Attributes:
        has_news: Set while there is something to `Notices.take`.
    """

    topics: list[Topic] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    has_news: asyncio.Event = field(default_factory=asyncio.Event)

    def subscribe(self, topics: list[Topic]) -> None:
        """Replace what it wants; what changed before it said so is told as well."""
        self.topics = topics
        if self.changed:
            self.has_news.set()


class Notices:
    """All listeners of one server; used on the event loop only."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[Listener] = set()

    @property
    def n_listeners(self) -> int:
        """How many sockets are open."""
        return len(self._listeners)

    def publish(self, report: CatchUpReport) -> None:
        """Hand the report of a catch-up to every listener."""
        for listener in self._listeners:
            listener.changed.update(report.added, report.changed, report.removed)
            listener.added.update(report.added)
            if listener.topics:
                listener.has_news.set()

    def join(self) -> Listener:
        """Add a listener."""
        listener = Listener()
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        self._listeners.discard(listener)

    async def take(self, listener: Listener) -> list[dict[str, Any]]:
        """Return the notices for a listener; none when no change concerns it."""
        listener.has_news.clear()
        changed, listener.changed = listener.changed, set()
        added, listener.added = listener.added, set()
        try:
            return await asyncio.to_thread(self._shape, listener.topics, changed, added)
        except RunicornError:  # the index is away for now, so these are told later
            listener.changed |= changed
            listener.added |= added
            listener.has_news.set()
            return []

    def _shape(
        self, topics: list[Topic], changed: set[str], added: set[str]
    ) -> list[dict[str, Any]]:
        revision = self._store.revision()
        notices: list[dict[str, Any]] = []
        for topic in topics:
            if topic.t == "series":
                notices += [
                    {"t": "series", "run": run_id, "rev": f"s:{revision}", "x": self._step(run_id)}
                    for run_id in topic.runs
                    if run_id in changed
                ]
                continue
            concerned = self._of_project(changed, topic.project)
            if concerned:
                n_added = len(added.intersection(concerned))
                notice = {"t": "runs", "rev": f"r:{revision}", "changed": concerned}
                notices.append({**notice, "added": n_added})
        return notices

    def _of_project(self, run_ids: set[str], project: str | None) -> list[str]:
        if project is None:
            return sorted(run_ids)
        projects = self._store.files.projects_of(run_ids)
        # A run that nobody can place any more may have been one of this project.
        return sorted(each for each in run_ids if projects.get(each) in {None, project})

    def _step(self, run_id: str) -> int | None:
        try:
            return self._store.experiment(run_id).metrics_summary.step_range.max
        except RunicornError:
            return None

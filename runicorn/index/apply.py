"""Journal lines become columns of points, attempts and problems: pure functions.

The tight loop of catching up: a line is decoded once, and what its points share (step, place, time,
stage, attempt) is one tuple that all of them point to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from runicorn.events import Damage, Event, as_number, decode, not_metrics_in, step_of
from runicorn.index.ranks import ranked, unranked
from runicorn.texts import clean, is_clean

# Damaged lines listed per journal; all are counted.
MAX_LISTED = 1000
_MAX_ATTEMPT = 2**31


class Line(NamedTuple):
    """What the points of one line share."""

    step: int
    offset: int
    ts: float
    stage: str | None
    attempt: int


@dataclass(slots=True)
class Column:
    """New points of one series, in journal order; both lists have one entry a point."""

    lines: list[Line] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Definition(NamedTuple):
    """What a script said of the metrics of a name."""

    offset: int
    goal: str | None
    unit: str | None
    step_metric: str | None
    is_hidden: bool


@dataclass(slots=True)
class Parsed:
    """What a stretch of a journal says.

    Attributes:
        columns: New points by the key that a metric has in the index.
        definitions: The last of this stretch by name.
        attempts: (attempt, step it took up at or ``None``) begun in this stretch, in order.
        attempt: The attempt that the next line belongs to.
        problems: (offset `[bytes]`, what is wrong), the first `MAX_LISTED` of the journal.
        n_damaged: Lines of this stretch that can't be understood.
        n_lines: Lines of this stretch.
        last_ts: Latest time of a line `[s]`.
    """

    attempt: int
    columns: dict[str, Column] = field(default_factory=dict)
    attempts: list[tuple[int, int | None]] = field(default_factory=list)
    definitions: dict[str, Definition] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    n_damaged: int = 0
    n_lines: int = 0
    last_ts: float | None = None

    @property
    def n_points(self) -> int:
        return sum(len(column.values) for column in self.columns.values())


def parse(
    lines: Iterable[tuple[int, bytes | None]], attempt: int = 1, n_damaged: int = 0, rank: int = 0
) -> Parsed:
    """Read a stretch of a journal.

    Args:
        lines: (offset `[bytes]`, line without newline or ``None`` where it is too long).
        attempt: The attempt that the first line belongs to.
        n_damaged: Damaged lines of the journal before this stretch.
        rank: Whose journal it is.
    """
    parsed = Parsed(attempt)
    for offset, line in lines:
        parsed.n_lines += 1
        event = Damage(offset, "longer than 64 MiB") if line is None else decode(offset, line)
        if isinstance(event, Damage):
            _add_damage(parsed, event, n_damaged)
            continue
        ts = event.ts
        if ts - ts == 0.0 and (parsed.last_ts is None or ts > parsed.last_ts):
            parsed.last_ts = ts
        if event.type == "metrics":
            damage = _add_points(parsed, event)
            if damage is not None:
                _add_damage(parsed, damage, n_damaged)
        elif event.type == "attempt":
            _begin_attempt(parsed, event)
        elif event.type == "define_metric":
            _define(parsed, event)
    if rank:
        parsed.columns = {ranked(key, rank): column for key, column in parsed.columns.items()}
    return parsed


def _add_points(parsed: Parsed, event: Event) -> Damage | None:
    step, data = step_of(event), event.data
    not_metrics = not_metrics_in(data)
    if step is None:
        keys = [key for key in data if key not in not_metrics]
        return Damage(event.offset, f"no step that 64 bits hold, for {keys[:3]}") if keys else None
    stage = data.get("stage")
    shared = Line(
        step,
        event.offset,
        _time_of(event),
        clean(stage) if isinstance(stage, str) and stage else None,
        parsed.attempt,
    )
    columns, damage = parsed.columns, None
    for key, value in data.items():
        if key in not_metrics:
            continue
        if type(value) is not float:
            value = as_number(value)  # noqa: PLW2901 - the loop is tight
            if value is None:
                continue
        column = columns.get(key)
        if column is None:
            if not is_clean(key):
                damage = Damage(event.offset, f"the key {clean(key)!r} is no valid text")
                continue
            if unranked(key)[1]:
                damage = Damage(event.offset, f"the key {key!r} is that of another rank's metric")
                continue
            column = columns[key] = Column()
        column.lines.append(shared)
        column.values.append(value)
    return damage


def _time_of(event: Event) -> float:
    time = event.data.get("time")
    return time if type(time) is float else event.ts


def _begin_attempt(parsed: Parsed, event: Event) -> None:
    attempt, resumed = event.data.get("attempt"), event.data.get("resumed_at_step")
    if isinstance(attempt, int) and parsed.attempt < attempt < _MAX_ATTEMPT:
        parsed.attempt = attempt
    else:
        parsed.attempt += 1
    step = step_of(Event(event.offset, event.ts, event.type, {"global_step": resumed}))
    parsed.attempts.append((parsed.attempt, step))


def _define(parsed: Parsed, event: Event) -> None:
    data = event.data
    name, goal = data.get("name"), data.get("goal")
    unit, step_metric = data.get("unit"), data.get("step_metric")
    if isinstance(name, str):
        parsed.definitions[clean(name)] = Definition(
            event.offset,
            goal if goal in ("min", "max") else None,
            clean(unit) if isinstance(unit, str) else None,
            clean(step_metric) if isinstance(step_metric, str) else None,
            data.get("hidden") is True,
        )


def _add_damage(parsed: Parsed, damage: Damage, n_before: int) -> None:
    if n_before + parsed.n_damaged < MAX_LISTED:
        parsed.problems.append((damage.offset, clean(damage.reason)))
    parsed.n_damaged += 1

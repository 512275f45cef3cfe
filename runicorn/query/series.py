"""Charts: many runs by many metrics at a pixel width, whole or as what is new since last time.

Reads the index in one transaction, so all series of an answer are of one moment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from runicorn.index.database import Database
from runicorn.index.points import MAX_STEP, MIN_STEP, Points, read_points
from runicorn.index.reading import SeriesState, load_series
from runicorn.query.cursors import ChartCursor, decode
from runicorn.query.grid import bucketize, changes, kinds_of, level_for
from runicorn.query.models import (
    BucketSeries,
    MissingSeries,
    RawSeries,
    Series,
    SeriesAnswer,
    SeriesRequest,
    XGrid,
)
from runicorn.query.runs import find_run_id

_RAW = -1


def read_series(database: Database, request: SeriesRequest) -> SeriesAnswer:
    """Answer a request for charts, runs outside, metrics inside, in the order asked.

    Raises:
        RunNotFoundError: A run is unknown, or its prefix is that of several.
    """
    answers: list[Series] = []
    with database.answering() as connection:
        run_ids = [find_run_id(connection, run) for run in request.runs]
        states = load_series(connection, run_ids, request.metrics)
        for asked, run_id in zip(request.runs, run_ids, strict=True):
            for metric in request.metrics:
                state = states.get((run_id, metric))
                if state is None:
                    answers.append(MissingSeries(run=run_id, metric=metric))
                    continue
                have = request.have.get(f"{run_id}|{metric}", request.have.get(f"{asked}|{metric}"))
                answers.append(_Chart(connection, request, state).answer(decode(have)))
    return SeriesAnswer(rev=_rev(answers), x=XGrid(), series=answers)


@dataclass(frozen=True, slots=True)
class _Chart:
    """One series at one width."""

    connection: Connection
    request: SeriesRequest
    state: SeriesState

    def answer(self, have: ChartCursor | None) -> RawSeries | BucketSeries:
        if have is not None and self._is_continued_by(have):
            news = self._news(have)
            if news is not None:
                return news
        start, stop = self._range()
        points = self._read(start, stop)
        cursor = self._cursor(n_range=len(points.steps), le0=_count_le0(points.values))
        return self._draw(points, cursor, is_delta=False)

    def _range(self) -> tuple[int, int]:
        x = self.request.x
        start = MIN_STEP if x.start is None else max(MIN_STEP, min(x.start, MAX_STEP))
        stop = MAX_STEP if x.stop is None else max(MIN_STEP, min(x.stop, MAX_STEP))
        return start, stop

    def _read(self, start: int, stop: int) -> Points:
        return read_points(self.connection, self.state.id, start, stop)

    def _cursor(self, n_range: int, le0: int) -> ChartCursor:
        """Say what a whole answer holds, which also settles its form."""
        state, x, px = self.state, self.request.x, self.request.px
        start, stop = self._range()
        first = state.first_step if x.start is None else start
        last = state.last_step if x.stop is None else stop
        level = _RAW if n_range <= px else level_for(max(0, last - first) + 1, px)
        return ChartCursor(
            level=level, attempt=state.attempt, n_resets=state.n_resets, start=start, stop=stop,
            n=state.n, n_range=n_range, le0=le0, last_step=state.last_step,
            end_offset=state.end_offset,
        )  # fmt: skip

    def _is_continued_by(self, have: ChartCursor) -> bool:
        state = self.state
        return (have.attempt, have.n_resets, have.start, have.stop) == (
            state.attempt,
            state.n_resets,
            *self._range(),
        ) and (have.n < state.n if have.end_offset < state.end_offset else have.n == state.n)

    def _news(self, have: ChartCursor) -> RawSeries | BucketSeries | None:
        """Answer with what is new; ``None`` when everything has to be sent anew."""
        new = self._new_points(have)
        cursor = self._cursor(
            n_range=have.n_range + len(new.steps), le0=have.le0 + _count_le0(new.values)
        )
        if cursor.level != have.level:
            return None
        if cursor.level == _RAW or not len(new.steps):
            return self._draw(new, cursor, is_delta=True)
        # Buckets that a new point fell into are told whole.
        edge = (int(new.steps.min()) >> cursor.level) << cursor.level
        points = self._read(max(edge, cursor.start), cursor.stop)
        touched = np.isin(points.steps >> cursor.level, new.steps >> cursor.level)
        return self._draw(points.where(touched), cursor, is_delta=True)

    def _new_points(self, have: ChartCursor) -> Points:
        n_new = self.state.n - have.n
        start = have.last_step if n_new else MAX_STEP
        points = self._read(start, MAX_STEP)
        new = points.where(points.offsets >= have.end_offset)
        if len(new.steps) != n_new:  # some steps went back
            points = self._read(MIN_STEP, MAX_STEP)
            new = points.where(points.offsets >= have.end_offset)
        return new.where((new.steps >= have.start) & (new.steps <= have.stop))

    def _draw(
        self, points: Points, cursor: ChartCursor, *, is_delta: bool
    ) -> RawSeries | BucketSeries:
        shared: dict[str, Any] = {
            "run": self.state.run_id,
            "metric": self.state.key,
            "n": cursor.n,
            "n_range": cursor.n_range,
            "le0": cursor.le0,
            "cursor": cursor.encode(),
            "is_delta": is_delta,
        }
        if cursor.level == _RAW:
            return _draw_raw(points, shared)
        return _draw_buckets(points, cursor.level, set(self.request.want), shared)


def _draw_raw(points: Points, shared: dict[str, Any]) -> RawSeries:
    odd = np.flatnonzero(~np.isfinite(points.values))
    kinds = kinds_of(points.values[odd])
    return RawSeries.model_construct(
        x=points.steps.tolist(),
        y=_nullable(points.values),
        nonfinite=[(at, kind, 1) for at, kind in zip(odd.tolist(), kinds, strict=True)],
        attempts=changes(points.attempts),
        **shared,
    )


def _draw_buckets(
    points: Points, level: int, want: set[str], shared: dict[str, Any]
) -> BucketSeries:
    buckets = bucketize(points.steps, points.values, points.attempts, level)
    return BucketSeries.model_construct(
        unit=1 << level,
        level=level,
        b=buckets.index.tolist(),
        x=buckets.x.tolist(),
        x_start=_start(points, level),
        x_peak=_peak(points),
        first=_nullable(buckets.first),
        last=_nullable(buckets.last) if "last" in want else [],
        min=_nullable(buckets.min) if "min" in want else [],
        max=_nullable(buckets.max) if "max" in want else [],
        cnt=buckets.count.tolist(),
        nonfinite=buckets.nonfinite,
        attempts=changes(buckets.attempt),
        **shared,
    )


def _start(points: Points, level: int) -> int | None:
    if not len(points.steps):
        return None
    in_first = points.steps >> level == points.steps[0] >> level
    valued = points.steps[in_first & np.isfinite(points.values)]
    return int(valued[0] if len(valued) else points.steps[0])


def _peak(points: Points) -> int | None:
    finite = np.flatnonzero(np.isfinite(points.values))
    return int(points.steps[finite[points.values[finite].argmax()]]) if len(finite) else None


def _nullable(values: NDArray[np.float64]) -> list[float | None]:
    listed: list[float | None] = values.tolist()
    for at in np.flatnonzero(~np.isfinite(values)).tolist():
        listed[at] = None
    return listed


def _count_le0(values: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(np.isfinite(values) & (values <= 0)))


def _rev(answers: list[Series]) -> str:
    """Name the state of all series of an answer; the same state has the same name anywhere."""
    cursors = (getattr(answer, "cursor", "-") for answer in answers)
    return "s:" + hashlib.blake2b("|".join(cursors).encode(), digest_size=8).hexdigest()

"""What queries ask of the index about series: which there are, and how far they have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from runicorn.index.runs import chunks
from runicorn.index.schema import CURSORS, SERIES


@dataclass(frozen=True, slots=True)
class SeriesState:
    """One series without its points; counts are those of the current path.

    Attributes:
        n: Points, non-finite ones included.
        n_le0: Finite values that are 0 or below.
        end_offset: Line offset of the newest point, plus 1 `[bytes]`.
        attempt: The current attempt of its journal.
        n_resets: How often its journal turned out to be another one.
    """

    id: int
    run_id: str
    key: str
    n: int
    n_le0: int
    first_step: int
    last_step: int
    last_value: float | None
    end_offset: int
    attempt: int
    n_resets: int


def load_series(
    connection: Connection,
    run_ids: Sequence[str],
    keys: Sequence[str] | None = None,
    *,
    is_current: bool = True,
) -> dict[tuple[str, str], SeriesState]:
    """Load series that have points, by (run id, key).

    Args:
        connection: In a transaction.
        run_ids: Of which runs.
        keys: Of which metrics; all when ``None``.
        is_current: Only those with points on the current path; otherwise of any attempt.
    """
    row = SERIES.c
    statement = (
        select(
            *(row[name] for name in SeriesState.__slots__[:-2]),
            CURSORS.c.attempt,
            CURSORS.c.n_resets,
        )
        .join(CURSORS, (CURSORS.c.run_id == row.run_id) & (CURSORS.c.file == row.file))
        .where((row.n if is_current else row.n_all) > 0)
    )
    if keys is not None:
        statement = statement.where(row.key.in_(keys))
    states = (
        SeriesState(*found)
        for chunk in chunks(run_ids)
        for found in connection.execute(statement.where(row.run_id.in_(chunk)))
    )
    return {(state.run_id, state.key): state for state in states}

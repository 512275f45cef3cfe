"""Exports to CSV: a table that every program opens, with NaN and empty cells told apart."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from runicorn.exporters.lines import LoggedRun, Meter, is_known, keys_of, logged_runs
from runicorn.transfer import Progress, Selection

WIDE = ("run_id", "step", "time", "stage", "attempt")
LONG = ("run_id", "metric", "step", "value", "time", "stage", "attempt")


class CsvExporter:
    """Rows in the order they were logged; numbers in full, ``NaN``, ``inf`` and ``-inf``."""

    suffixes = (".csv",)
    is_text = True

    def write(self, selection: Selection, target: BinaryIO, progress: Progress) -> None:
        """Write runs; see `runicorn.transfer.Exporter`."""
        runs = logged_runs(selection)
        is_wide = selection.shape == "wide"
        meter = Meter(progress, sum(run.n_bytes for run in runs) * (1 + is_wide))
        keys = keys_of(runs, meter) if is_wide else []
        text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=False)
        try:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow([*own_columns(keys), *keys] if is_wide else LONG)
            for run in runs:
                rows = wide_rows(run, keys, meter) if is_wide else long_rows(run, meter)
                writer.writerows(map(_cells, rows))
            text.flush()
        finally:
            text.detach()


def own_columns(keys: Iterable[str]) -> list[str]:
    """Name the columns that are no metrics; a metric of such a name keeps it."""
    taken = set(keys)
    return [f"_{name}" if name in taken else name for name in WIDE]


def wide_rows(run: LoggedRun, keys: Sequence[str], meter: Meter) -> Iterator[list[Any]]:
    """Iterate over the lines of a run: our own columns, then a cell for each metric."""
    for line in run.lines(meter):
        time = line.time if is_known(line.time) else None
        own = [run.folder.id, line.step, time, line.stage, line.attempt]
        yield own + [line.values.get(key) for key in keys]


def long_rows(run: LoggedRun, meter: Meter) -> Iterator[list[Any]]:
    """Iterate over the values of a run, with the columns of `LONG`."""
    for line in run.lines(meter):
        time = line.time if is_known(line.time) else None
        for key, value in line.values.items():
            yield [run.folder.id, key, line.step, value, time, line.stage, line.attempt]


def _cells(row: list[Any]) -> list[Any]:
    # Python would write nan, which others do not read; it is the one that differs from itself.
    return ["NaN" if cell != cell else cell for cell in row]  # noqa: PLR0124

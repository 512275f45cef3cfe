"""Imports from CSV: a table with a column of steps becomes a run, or several by its run ids.

Wide tables have a column for each metric, long ones a column ``metric`` and a column ``value``. An
empty cell is nothing, ``NaN`` and ``inf`` are values. What is no number is left out and told.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from runicorn.errors import FormatError, InvalidNameError, InvalidValueError
from runicorn.ids import check_key, new_run_id
from runicorn.importers.new_runs import NewRuns
from runicorn.transfer import Destination, Imported, Progress
from runicorn.values import check_step

# Names of columns that are no metrics, in small letters, the likeliest first; a leading underscore
# does not matter.
STEP = ("step", "global_step", "iteration", "iter", "epoch")
TIME = ("time", "timestamp", "wall_time")
STAGE = ("stage",)
RUN = ("run_id", "run")
ATTEMPT = ("attempt",)
METRIC, VALUE = "metric", "value"
_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")
_DELIMITERS = ",;\t|"
# So many runs in one table are a mistake, such as a wrong column.
MAX_RUNS = 10_000
MAX_CELL_CHARACTERS, MAX_LINE_CHARACTERS = 1 << 20, 64 << 20
_TOLD_EVERY = 1000


class CsvImporter:
    """Takes tables of other programs, and those of `runicorn export`."""

    suffixes = (".csv", ".tsv")

    def read(self, source: BinaryIO, destination: Destination, progress: Progress) -> Imported:
        """Import runs; see `runicorn.transfer.Importer`."""
        total = source.seek(0, io.SEEK_END)
        source.seek(0)
        text = io.TextIOWrapper(source, encoding="utf-8-sig", newline="")
        try:
            csv.field_size_limit(MAX_CELL_CHARACTERS)
            return _read(text, destination, lambda: progress(min(source.tell(), total), total))
        except UnicodeDecodeError as error:
            raise FormatError(destination.source, f"is no UTF-8: {error.reason}") from error
        except csv.Error as error:
            raise FormatError(destination.source, f"is no CSV: {error}") from error
        finally:
            text.detach()


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column is what, by position; ``None`` where there is none."""

    step: int
    time: int | None
    stage: int | None
    run: int | None
    metric: int | None
    value: int | None
    metrics: list[tuple[int, str]]


def _read(text: io.TextIOWrapper, destination: Destination, tell: Callable[[], None]) -> Imported:
    lines = _lines(text)
    head = next(lines, "")
    delimiter = max(_DELIMITERS, key=head.count)
    names = next(csv.reader([head], delimiter=delimiter), [])
    left_out: Counter[str] = Counter()
    columns = _columns(names, destination, left_out)
    default_id = new_run_id()
    seen: set[str] = set()
    with NewRuns(destination) as runs:
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter, strict=True), start=2):
            if number % _TOLD_EVERY == 0:
                tell()
            values = dict(_values(row, columns, left_out))
            if not values:
                continue
            run_id = _cell(row, columns.run) or default_id
            seen.add(run_id)
            if len(seen) > MAX_RUNS:
                raise FormatError(destination.source, f"has more than {MAX_RUNS} runs", number)
            step = _step(row, columns, destination.source, number)
            try:
                runs.log(run_id, values, step, _time(row, columns), _cell(row, columns.stage))
            except InvalidNameError as error:
                raise FormatError(destination.source, str(error), number) from error
        if not seen:
            raise FormatError(destination.source, "holds no numbers")
        imported = runs.settle()
    imported.remarks += [
        f"column {name!r}: {count} cells are no numbers and were left out"
        for name, count in sorted(left_out.items())
    ]
    return imported


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MAX_LINE_CHARACTERS):
        if len(line) == MAX_LINE_CHARACTERS:
            raise csv.Error(f"a line has more than {MAX_LINE_CHARACTERS} characters")
        yield line


def _columns(names: Sequence[str], destination: Destination, left_out: Counter[str]) -> _Columns:
    low = [name.strip().lower().lstrip("_") for name in names]

    def find(wanted: Sequence[str]) -> int | None:
        return next((low.index(name) for name in wanted if name in low), None)

    if destination.step_column is None:
        step = find(STEP)
    else:
        step = names.index(destination.step_column) if destination.step_column in names else None
    if step is None:
        wanted = destination.step_column or " or ".join(STEP)
        raise FormatError(
            destination.source,
            f"has no column {wanted}; there are {', '.join(map(repr, names[:20]))}"
            " (--step-column says which one)",
        )
    time, stage, run, attempt = find(TIME), find(STAGE), find(RUN), find(ATTEMPT)
    metric = low.index(METRIC) if METRIC in low and VALUE in low else None
    value = None if metric is None else low.index(VALUE)
    own = {step, time, stage, run, attempt}
    metrics = [] if metric is not None else _metrics(names, own, left_out)
    return _Columns(step, time, stage, run, metric, value, metrics)


def _metrics(
    names: Sequence[str], own: set[int | None], left_out: Counter[str]
) -> list[tuple[int, str]]:
    found = []
    for at, name in enumerate(names):
        if at in own:
            continue
        try:
            found.append((at, check_key(name.strip())))
        except InvalidValueError:
            left_out[name] = 0
    return found


def _values(
    row: Sequence[str], columns: _Columns, left_out: Counter[str]
) -> Iterator[tuple[str, float | int]]:
    if columns.metric is not None:
        key, cell = _cell(row, columns.metric), _cell(row, columns.value)
        cells = [(key, cell)] if key and cell else []
    else:
        cells = [(key, row[at].strip()) for at, key in columns.metrics if at < len(row)]
    for key, cell in cells:
        if not cell:
            continue
        number = _number(cell)
        if number is None:
            left_out[key] += 1
        else:
            yield key, number


def _number(cell: str) -> float | int | None:
    try:
        return int(cell) if _INTEGER.fullmatch(cell) else float(cell)
    except ValueError:
        return None


def _cell(row: Sequence[str], at: int | None) -> str | None:
    return row[at].strip() or None if at is not None and at < len(row) else None


def _step(row: Sequence[str], columns: _Columns, source: str, line: int) -> int:
    cell = _cell(row, columns.step) or ""
    number = _number(cell)
    try:
        if number is None or number != int(number):
            raise FormatError(source, f"{cell[:40]!r} is no step", line)
        return check_step(int(number))
    except (OverflowError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(source, f"{cell[:40]!r} is no step", line) from error


def _time(row: Sequence[str], columns: _Columns) -> float:
    cell = _cell(row, columns.time)
    number = None if cell is None else _number(cell)
    return math.nan if number is None else float(number)

"""Exports to Parquet: typed columns, null where nothing was logged and NaN where NaN was."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from runicorn.errors import MissingLibraryError
from runicorn.events import as_number
from runicorn.exporters.as_csv import LONG, long_rows, own_columns, wide_rows
from runicorn.exporters.lines import LoggedRun, Meter, keys_of, logged_runs
from runicorn.transfer import Progress, Selection

if TYPE_CHECKING:
    import pyarrow as pa

# A group of rows is kept in memory: so many rows, and cells, at most.
GROUP_ROWS, GROUP_CELLS = 1 << 16, 1 << 21


class ParquetExporter:
    """Metrics are 64-bit floats, steps 64-bit integers, times UTC seconds."""

    suffixes = (".parquet",)
    is_text = False

    def write(self, selection: Selection, target: BinaryIO, progress: Progress) -> None:
        """Write runs; see `runicorn.transfer.Exporter`.

        Raises:
            MissingLibraryError: pyarrow is not installed.
        """
        arrow = _library("pyarrow")
        parquet = _library("pyarrow.parquet")
        runs = logged_runs(selection)
        is_wide = selection.shape == "wide"
        meter = Meter(progress, sum(run.n_bytes for run in runs) * (1 + is_wide))
        keys = keys_of(runs, meter) if is_wide else []
        schema = arrow.schema(_wide_fields(arrow, keys) if is_wide else _long_fields(arrow))
        with (
            arrow.PythonFile(_KeptOpen(target), mode="w") as file,
            parquet.ParquetWriter(file, schema) as writer,
        ):
            for group in _groups(_rows(runs, keys, meter, is_wide=is_wide), len(schema)):
                arrays = [
                    arrow.array(_fitting(arrow, column, field.type), field.type, from_pandas=False)
                    for column, field in zip(zip(*group, strict=True), schema, strict=True)
                ]
                writer.write_table(arrow.table(arrays, schema=schema))


class _KeptOpen:
    """What Arrow writes to: counts, because a pipe can't tell its place, and leaves it open."""

    closed = False

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._at = 0

    def write(self, block: bytes) -> int:
        """Write all of a block."""
        self._target.write(block)
        self._at += len(block)
        return len(block)

    def tell(self) -> int:
        """Return how much was written `[bytes]`."""
        return self._at

    def flush(self) -> None:
        """Hand on what is buffered."""
        self._target.flush()

    def close(self) -> None:
        """Leave it open: it is the caller's."""


def _rows(
    runs: Sequence[LoggedRun], keys: Sequence[str], meter: Meter, *, is_wide: bool
) -> Iterator[list[Any]]:
    for run in runs:
        yield from wide_rows(run, keys, meter) if is_wide else long_rows(run, meter)


def _groups(rows: Iterable[list[Any]], n_columns: int) -> Iterator[list[list[Any]]]:
    n_rows = max(1, min(GROUP_ROWS, GROUP_CELLS // n_columns))
    rows = iter(rows)
    while group := list(islice(rows, n_rows)):
        yield group


def _fitting(arrow: Any, column: tuple[Any, ...], kind: Any) -> Sequence[Any]:
    if kind != arrow.float64():
        return column
    return [cell if cell is None else as_number(cell) for cell in column]


def _wide_fields(arrow: Any, keys: Sequence[str]) -> list[pa.Field]:
    types = [arrow.string(), arrow.int64(), arrow.float64(), arrow.string(), arrow.int32()]
    own = [arrow.field(name, kind) for name, kind in zip(own_columns(keys), types, strict=True)]
    return own + [arrow.field(key, arrow.float64()) for key in keys]


def _long_fields(arrow: Any) -> list[pa.Field]:
    types = [
        arrow.string(), arrow.string(), arrow.int64(), arrow.float64(), arrow.float64(),
        arrow.string(), arrow.int32(),
    ]  # fmt: skip
    return [arrow.field(name, kind) for name, kind in zip(LONG, types, strict=True)]


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingLibraryError("pyarrow", "Parquet", extra="parquet") from error

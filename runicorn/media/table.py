"""Table: columns and rows, kept as JSON that any reader understands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

import orjson

from runicorn.errors import InvalidValueError, UsageError
from runicorn.media.cells import CellWriter
from runicorn.media.frames import columns_of, is_frame
from runicorn.pieces import Media, Piece

# Names of columns that the event repeats; the file has them all.
MAX_NAMES = 256
_BLOCK_ROWS = 10_000


class Table(Media):
    """Rows under named columns; cells are numbers, texts, times, media, lists or dictionaries.

    What a cell holds that JSON does not know is kept as its text.
    """

    def __init__(
        self,
        data: Any = None,
        columns: Sequence[str] | None = None,
        rows: Sequence[Sequence[Any]] | None = None,
        caption: str | None = None,
    ) -> None:
        """Remember the data; it is encoded when the table is logged.

        Args:
            data: A data frame of pandas or polars, a table of pyarrow or anything with
                ``to_pandas``; a dictionary of columns; a list of dictionaries; a list of rows; an
                array (n_rows, n_columns).
            columns: The names of the columns of rows; of other data, those that are kept.
            rows: Rows, instead of data.
            caption: A line about it.

        Raises:
            UsageError: Both data and rows are given.
        """
        if data is not None and rows is not None:
            raise UsageError("Table takes data or rows, not both")
        self._data = data if rows is None else rows
        self._columns = columns
        self._added: list[tuple[Any, ...]] = []
        self.caption = caption

    @classmethod
    def wraps(cls, value: object) -> bool:
        """Take data frames."""
        return is_frame(value)

    def add_row(self, *cells: Any) -> Self:
        """Add a row below all others; returns the table."""
        self._added.append(cells)
        return self

    def pieces(self, key: str) -> list[Piece]:
        """Encode the table, and media in its cells as files of their own."""
        names, columns = columns_of(key, self._data, self._columns)
        for row in self._added:
            if len(row) != len(names):
                reason = f"a row of {len(row)} cells in a table of {len(names)} columns"
                raise InvalidValueError(key, row, reason)
            for column, cell in zip(columns, row, strict=True):
                column.append(cell)
        writer = CellWriter(key)
        types, written = [], []
        for index, column in enumerate(columns):
            kind, cells = writer.column(column, index)
            types.append(kind)
            written.append(cells)
        n_rows = len(columns[0]) if columns else 0
        data = {"columns": names[:MAX_NAMES], "n_columns": len(names), "n_rows": n_rows}
        content = b"".join(_encoded(key, names, types, written))
        return [Piece("table", data, "table.json", content, writer.attachments)]


def _encoded(
    key: str, names: list[str], types: list[str], columns: list[list[Any]]
) -> Iterator[bytes]:
    yield b'{"columns": %b,\n"types": %b,\n"data": [' % (orjson.dumps(names), orjson.dumps(types))
    n_rows = len(columns[0]) if columns else 0
    for start in range(0, n_rows, _BLOCK_ROWS):
        block = [column[start : start + _BLOCK_ROWS] for column in columns]
        yield b"\n" if start == 0 else b",\n"
        yield b",\n".join(_row(key, row) for row in zip(*block, strict=True))
    yield b"\n]}\n"


def _row(key: str, row: tuple[Any, ...]) -> bytes:
    try:
        return orjson.dumps(row)
    except TypeError as error:
        raise InvalidValueError(key, row, f"a row can't be written: {error}") from error

"""Frames: named columns as the table of NumPy, pandas, polars or Arrow, each imported only then."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runicorn.errors import MissingLibraryError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame.

    Attributes:
        name: Its name.
        values: (n,)
        is_there: Where there is a value (n,); ``None`` means everywhere.
    """

    name: str
    values: NDArray[Any]
    is_there: NDArray[np.bool_] | None = None

    @property
    def missing(self) -> NDArray[np.bool_] | None:
        return None if self.is_there is None or self.is_there.all() else ~self.is_there


def to_numpy(columns: Sequence[Column]) -> NDArray[Any]:
    """Return a structured array with one field a column; NaN where there is no value."""
    layout = [(column.name, column.values.dtype) for column in columns]
    table = np.empty(len(columns[0].values), dtype=layout)
    for column in columns:
        table[column.name] = column.values
    return table


def to_pandas(columns: Sequence[Column]) -> pd.DataFrame:
    """Return a data frame; NaN where there is no value.

    Raises:
        MissingLibraryError: pandas is not installed.
    """
    pandas = _library("pandas", "to_pandas")
    frame: pd.DataFrame = pandas.DataFrame({column.name: column.values for column in columns})
    return frame


def to_polars(columns: Sequence[Column]) -> pl.DataFrame:
    """Return a data frame; null where there is no value.

    Raises:
        MissingLibraryError: polars is not installed.
    """
    polars = _library("polars", "to_polars")
    series = []
    for column in columns:
        values = polars.Series(column.name, np.ascontiguousarray(column.values))
        if column.missing is not None:
            values = values.scatter(np.flatnonzero(column.missing), None)
        series.append(values)
    frame: pl.DataFrame = polars.DataFrame(series)
    return frame


def to_arrow(columns: Sequence[Column]) -> pa.Table:
    """Return a table; null where there is no value.

    Raises:
        MissingLibraryError: pyarrow is not installed.
    """
    arrow = _library("pyarrow", "to_arrow")
    arrays = [
        arrow.array(np.ascontiguousarray(column.values), mask=column.missing, from_pandas=False)
        for column in columns
    ]
    table: pa.Table = arrow.table(arrays, names=[column.name for column in columns])
    return table


def _library(name: str, call: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingLibraryError(name, f"{call}()") from error

"""Frames: data of many shapes and libraries becomes names and columns of Python values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.media.foreign import class_names
from runicorn.texts import clean

Columns = tuple[list[str], list[list[Any]]]
"""(names, as many columns of one length)."""

# The module that a class says it is of has changed with the versions.
_PANDAS = frozenset({"pandas.DataFrame", "pandas.core.frame.DataFrame"})
_POLARS = frozenset({"polars.dataframe.frame.DataFrame", "polars.DataFrame"})
_ARROW = frozenset({"pyarrow.lib.Table", "pyarrow.lib.RecordBatch"})


def is_frame(value: object) -> bool:
    """Tell whether a value is a data frame of a known library; nothing is imported."""
    return not (_PANDAS | _POLARS | _ARROW).isdisjoint(class_names(value))


def columns_of(key: str, data: Any, wanted: Sequence[str] | None) -> Columns:
    """Return data as columns.

    Args:
        key: For messages.
        data: See `runicorn.Table`.
        wanted: Names for the columns of rows; of other data, those that are kept.

    Raises:
        InvalidValueError: It is no table, its parts differ in length, or a name is unknown.
    """
    if isinstance(wanted, str):
        raise InvalidValueError(key, wanted, f"columns is a list of names, not {wanted!r}")
    named = None if wanted is None else [_text(name) for name in wanted]
    if data is None:
        data = []
    if hasattr(data, "tolist") and len(getattr(data, "shape", ())) == 2 and not is_frame(data):  # noqa: PLR2004
        data = data.tolist()
    if isinstance(data, list | tuple) and not (data and isinstance(data[0], Mapping)):
        return _of_rows(key, data, named)
    names, columns = _of_named(key, data)
    if named is None:
        return names, columns
    missing = [name for name in named if name not in names]
    if missing and columns:
        raise InvalidValueError(key, missing, f"there is no column {missing[0]!r}, only {names}")
    return named, [columns[names.index(name)] for name in named] if columns else []


def _of_named(key: str, data: Any) -> Columns:  # noqa: PLR0911 - a table of cases
    names = set(class_names(data))
    if names & _PANDAS:
        return _of_pandas(data)
    if names & _POLARS:
        return list(data.columns), [data.get_column(name).to_list() for name in data.columns]
    if names & _ARROW:
        n_columns = len(data.schema.names)
        return list(data.schema.names), [data.column(i).to_pylist() for i in range(n_columns)]
    if isinstance(data, Mapping):
        return _of_mapping(key, data)
    if isinstance(data, list | tuple):
        return _of_dictionaries(key, data)
    if hasattr(data, "to_frame"):  # a single column
        return _of_named(key, data.to_frame())
    if hasattr(data, "to_pandas"):
        return _of_pandas(data.to_pandas())
    kind = f"{type(data).__module__}.{type(data).__qualname__}"
    raise InvalidValueError(key, data, f"a {kind} is no table")


def _of_rows(key: str, rows: Sequence[Any], names: list[str] | None) -> Columns:
    listed = [_as_list(key, row) for row in rows]
    if names is None:
        names = [str(index) for index in range(len(listed[0]))] if listed else []
    for index, row in enumerate(listed):
        if len(row) != len(names):
            reason = f"row {index} has {len(row)} cells, the table has {len(names)} columns"
            raise InvalidValueError(key, row, reason)
    return names, [list(column) for column in zip(*listed, strict=True)] or [[] for _ in names]


def _of_dictionaries(key: str, rows: Sequence[Any]) -> Columns:
    names: dict[Any, None] = {}
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InvalidValueError(key, row, f"row {index} is no dictionary, but others are")
        names.update(dict.fromkeys(row))
    return [_text(name) for name in names], [[row.get(name) for row in rows] for name in names]


def _of_mapping(key: str, data: Mapping[Any, Any]) -> Columns:
    columns = [_as_list(key, column) for column in data.values()]
    lengths = {_text(name): len(column) for name, column in zip(data, columns, strict=True)}
    if len(set(lengths.values())) > 1:
        raise InvalidValueError(key, lengths, f"columns of different length: {lengths}")
    return list(lengths), columns


def _of_pandas(frame: Any) -> Columns:
    names, columns = [], []
    index = frame.index
    is_plain = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
    if not is_plain or index.name is not None:
        for level in range(index.nlevels):
            names.append("index" if index.names[level] is None else _text(index.names[level]))
            columns.append(index.get_level_values(level).tolist())
    for position, name in enumerate(frame.columns):
        names.append(_text(name))
        columns.append(_of_series(frame.iloc[:, position]))
    return names, columns


def _of_series(series: Any) -> list[Any]:
    """Return a column of pandas; what is missing in it is NaN only among floats."""
    values: list[Any] = series.tolist()
    if getattr(series.dtype, "kind", "O") in "biuf":
        return values
    missing = series.isna().tolist()
    return [None if gap else value for value, gap in zip(values, missing, strict=True)]


def _as_list(key: str, values: Any) -> list[Any]:
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
        kind = type(values).__qualname__
        raise InvalidValueError(key, values, f"a row or column is a list of cells, not a {kind}")
    return list(values)


def _text(name: object) -> str:
    text = "/".join(map(str, name)) if isinstance(name, tuple) else str(name)
    return clean(text)

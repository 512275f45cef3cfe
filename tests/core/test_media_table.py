from __future__ import annotations

import datetime as dt
import enum
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import PIL.Image
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import runicorn as rn
from runicorn.errors import InvalidValueError, UsageError
from runicorn.pieces import Piece
from runicorn.query.media import StoredTable, read_table


class Pair(NamedTuple):
    a: int
    b: int


class Colour(enum.StrEnum):
    RED = "red"


@pytest.fixture
def stored(tmp_path: Path) -> Any:
    """Return what a reader finds in the file of a table."""

    def store(*arguments: Any, **options: Any) -> StoredTable:
        return read(one(*arguments, **options), tmp_path / "table.json")

    return store


def one(*arguments: Any, **options: Any) -> Piece:
    (piece,) = rn.Table(*arguments, **options).pieces("k")
    assert (piece.kind, piece.extension) == ("table", "table.json")
    return piece


def content_of(piece: Piece) -> bytes:
    assert isinstance(piece.content, bytes)
    return piece.content


def read(piece: Piece, path: Path) -> StoredTable:
    path.write_bytes(content_of(piece))
    return read_table(path)


def test_the_file_is_json_that_anyone_reads() -> None:
    piece = one(columns=["a", "b"], rows=[[1, "x"], [math.nan, None]])
    assert json.loads(content_of(piece)) == {
        "columns": ["a", "b"], "types": ["number", "text"], "data": [[1, "x"], ["NaN", None]],
    }  # fmt: skip
    assert piece.data == {"columns": ["a", "b"], "n_columns": 2, "n_rows": 2}


DAY = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - tables may hold times without a zone


@pytest.mark.parametrize(
    "data",
    [
        {"a": [1, 2], "b": ["x", "y"]},
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        {"a": np.array([1, 2]), "b": np.array(["x", "y"])},
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        pa.table({"a": [1, 2], "b": ["x", "y"]}),
        pa.record_batch({"a": [1, 2], "b": ["x", "y"]}),
    ],
    ids=["dict", "dicts", "arrays", "pandas", "polars", "arrow", "batch"],
)
def test_every_shape_of_data_gives_the_same_table(stored: Any, data: Any) -> None:
    expected = StoredTable(["a", "b"], ["integer", "text"], [[1, "x"], [2, "y"]])
    assert stored(data) == expected
    assert stored(data, ["b"]) == StoredTable(["b"], ["text"], [["x"], ["y"]])
    with pytest.raises(InvalidValueError, match="no column 'c'"):
        one(data, ["c"])


def test_rows_of_any_kind_are_taken(stored: Any) -> None:
    assert stored([(1, 2), [3, 4], np.array([5, 6])], ["a", "b"]).rows == [[1, 2], [3, 4], [5, 6]]
    assert stored(np.eye(2)).columns == ["0", "1"]
    assert stored([Pair(1, 2)], ["a", "b"]).rows == [[1, 2]]
    assert stored(columns=["a"]).rows == []
    assert stored() == StoredTable([], [], [])


def test_rows_can_be_added(stored: Any) -> None:
    table = rn.Table(columns=["a", "b"]).add_row(1, "x").add_row(2, "y")
    (piece,) = table.pieces("k")
    assert piece.data["n_rows"] == 2
    table.add_row(3, "z")
    assert table.pieces("k")[0].data["n_rows"] == 3
    with pytest.raises(InvalidValueError, match="3 cells"):
        table.add_row(1, 2, 3).pieces("k")
    frame = pd.DataFrame({"a": [1]})
    rn.Table(frame).add_row(2).pieces("k")
    assert len(frame) == 1


def test_gaps_and_types_of_data_frames_survive(stored: Any) -> None:
    frame = pd.DataFrame(
        {
            "time": [pd.Timestamp(DAY), pd.NaT], "maybe": pd.array([1, None], "Int64"),
            "float": [0.5, np.inf], "kind": pd.Categorical(["x", None]), "flag": [True, False],
        }
    )  # fmt: skip
    table = stored(frame)
    assert table.types == ["time", "integer", "number", "text", "boolean"]
    first, second = table.rows
    assert first == [DAY.isoformat(), 1, 0.5, "x", True]
    assert second[0] is second[1] is None
    assert second[2] == math.inf
    assert second[4] is False
    times = pl.DataFrame({"t": [DAY, None], "l": [[1, 2], [3]], "s": [{"x": 1}, {"x": None}]})
    assert stored(times).rows == [[DAY.isoformat(), [1, 2], {"x": 1}], [None, [3], {"x": None}]]
    assert stored(times.to_arrow()).rows[0] == [DAY.isoformat(), [1, 2], {"x": 1}]


def test_an_index_with_a_meaning_is_a_column(stored: Any) -> None:
    frame = pd.DataFrame({"k": ["x", "x", "y"], "v": [1, 2, 3]}).groupby("k").sum()
    assert stored(frame) == StoredTable(["k", "v"], ["text", "integer"], [["x", 3], ["y", 3]])
    several = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert stored(several).columns == ["a/x", "a/y"]
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert stored(twice).rows == [[1, 2]]
    assert stored(pd.Series([1, 2], name="s")).columns == ["s"]


def test_other_values_are_kept_as_what_they_say(stored: Any) -> None:
    torch = pytest.importorskip("torch")
    values = [
        Colour.RED, np.float32(0.5), np.int64(3), np.bool_(True), np.str_("s"), Decimal("0.25"),
        Decimal("sNaN"), torch.tensor(2.0), np.array([1, 2]), torch.ones(2, dtype=torch.bfloat16),
        {"x": {1: np.float32(1)}}, (1, math.inf), dt.date(2026, 1, 2), np.datetime64("2026-01-02"),
        np.datetime64("NaT"), pd.NA, 1 + 2j, b"x", Path("p"), "\ud800", dt.timedelta(seconds=1),
        2**80, -(10**5000), pl.Series([1, 2]), np.longdouble(1),
    ]  # fmt: skip
    (column,) = stored({"a": values}).types
    read_back = [row[0] for row in stored({"a": values}).rows]
    assert column == "mixed"
    assert math.isnan(read_back.pop(6))
    assert read_back == [
        "red", 0.5, 3, True, "s", 0.25, 2.0, [1, 2], [1.0, 1.0], {"x": {"1": 1.0}},
        [1, "Infinity"], "2026-01-02", "2026-01-02", None, None, "(1+2j)", "b'x'", "p", "\\ud800",
        "0:00:01", 2**80, -(10**5000), [1, 2], "1.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (({"a": [1], "b": [1, 2]},), "different length"), (([[1, 2], [3]], ["a", "b"]), "row 1"),
        (([{"a": 1}, [2]],), "row 1"), ((3,), "no table"), (("text",), "no table"),
        (([1, 2],), "list of cells"), (({"a": "text"},), "list of cells"),
        (([["x"]], "a"), "list of names"),
        (({"a": [rn.Table({"b": [1]}), rn.Image([np.eye(2), np.eye(2)])]},), "a cell takes one"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_and_told(arguments: Any, told: str) -> None:
    with pytest.raises(InvalidValueError, match=told):
        one(*arguments)


def test_data_and_rows_together_are_refused() -> None:
    with pytest.raises(UsageError, match="not both"):
        rn.Table([], rows=[])


def test_media_in_cells_are_files_of_their_own(tmp_path: Path, stored: Any) -> None:
    page = rn.Html("<b>", caption="a page")
    piece = one({"n": [1, 2, 3], "m": [rn.Image(np.eye(3)), PIL.Image.new("L", (2, 2)), page]})
    table = read(piece, tmp_path / "table.json")
    assert table.types == ["integer", "media"]
    cells = [row[1] for row in table.rows]
    assert [cell["type"] for cell in cells] == ["image", "image", "html"]
    assert (cells[0]["width"], cells[2]["caption"]) == (3, "a page")
    assert [cell["path"].removeprefix("media/") for cell in cells] == list(piece.attachments)
    assert piece.attachments[cells[2]["path"].removeprefix("media/")] == b"<b>"
    mixed = stored({"m": [rn.Histogram([1, 2]), 1.5]})
    assert mixed.rows[0][0]["type"] == "histogram"
    assert mixed.rows[1] == [1.5]


def test_a_hundred_thousand_rows_are_kept(stored: Any) -> None:
    table = stored(pd.DataFrame({"a": np.arange(100_001), "b": np.linspace(0, 1, 100_001)}))
    assert len(table.rows) == 100_001
    assert table.rows[-1] == [100_000, 1.0]


def test_the_event_does_not_repeat_thousands_of_names() -> None:
    piece = one({str(i): [i] for i in range(2_000)})
    assert len(piece.data["columns"]) == 256
    assert piece.data["n_columns"] == 2_000


texts = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**80), 2**80), st.floats(allow_nan=False), texts
)
finite = st.floats(allow_nan=False, allow_infinity=False)
nested = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), finite, texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
cells = st.one_of(plain, st.just(math.nan), texts.filter(bool), nested.filter(lambda v: v != []))
# Texts that look like what stands for something else.
tricky = st.sampled_from(["NaN", "Infinity", {"type": "number", "value": "NaN"}, {"type": "json"}])


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(cells | tricky, min_size=width, max_size=width))
    )
)
def test_what_is_put_into_a_table_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Any]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.json"
    names = [f"c{i}" for i in range(len(rows[0]))] if rows else ["c"]
    table = read(one(rows, names), path)
    assert table.columns == names
    assert len(table.rows) == len(rows)
    for got, put in zip(table.rows, rows, strict=True):
        assert [_comparable(value) for value in got] == [_comparable(value) for value in put]


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    if isinstance(value, dict):
        return {key: _comparable(each) for key, each in value.items()}
    return "a NaN" if value != value else (type(value), value)  # noqa: PLR0124


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"columns": 1, "data": []}', b'{"columns": ["a"], "data": [[1, 2]]}',
     b'{"columns": ["a"], "data": [1]}', b'{"columns": ' + b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_table_is_a_value_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"table|JSON|nested|expect|Expecting|unexpected|EOF"):
        read_table(path)


def test_a_table_of_others_is_read_without_types(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text('{"columns": ["a"], "data": [[NaN], [{"type": "number", "value": "NaN"}]]}')
    table = read_table(path)
    assert table.types == ["mixed"]
    assert all(math.isnan(row[0]) for row in table.rows)

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runicorn.errors import InvalidValueError
from runicorn.events import Event, decode, encode, metrics_of
from runicorn.plugins.manager import Plugins
from runicorn.values import Flattener, check_stage, check_step, plain_document


@pytest.fixture(scope="module")
def flattener() -> Flattener:
    return Flattener(Plugins().convert)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1, 1), (0.5, 0.5), (True, 1), (False, 0), (2**70, 2**70), (Decimal("0.25"), 0.25),
        (Decimal("sNaN"), "NaN"), (math.nan, "NaN"), (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (np.float32(0.5), 0.5), (np.int64(-3), -3), (np.bool_(True), 1), (np.float64("nan"), "NaN"),
        (np.array(1.5), 1.5), (np.array([[2]]), 2), (np.float16("inf"), "Infinity"),
        (np.longdouble(3), 3.0), (np.array([0.5], np.longdouble), 0.5),
        (np.longdouble("nan"), "NaN"), (np.longdouble("-inf"), "-Infinity"),
        (np.array(3, object), 3),
    ],
)  # fmt: skip
def test_scalars_become_plain_json_numbers(
    flattener: Flattener, value: object, kept: object
) -> None:
    flat = flattener.flatten({"a": value})
    assert flat == {"a": kept}
    assert type(flat["a"]) is type(kept)


@pytest.mark.parametrize(
    "value",
    [None, "0.5", b"1", [1], (1,), {1}, 1j, object(), np.zeros(3), np.zeros(0), np.str_("x"),
     np.datetime64("2026-01-01"), Fraction(1, 3), 10**400, lambda: 1,
     np.array("3"), np.array(["3"]), np.array(b"3"), np.array("3", object), np.complex128(1),
     np.clongdouble(1), np.timedelta64(5, "ns"), np.timedelta64(5, "s"),
     np.array([5], "timedelta64[ns]"), np.datetime64("2026-01-01T00:00:00", "ns")],
)  # fmt: skip
def test_what_is_no_number_is_refused_and_named(flattener: Flattener, value: object) -> None:
    with pytest.raises(InvalidValueError, match="'train/loss'") as caught:
        flattener.flatten({"ok": 1.0, "train": {"loss": value}})
    assert caught.value.key == "train/loss"


def test_tensors_of_one_element_are_taken() -> None:
    torch = pytest.importorskip("torch")
    flattener = Flattener(Plugins().convert)
    data = {
        "plain": torch.tensor(0.5),
        "grad": torch.tensor([1.5], requires_grad=True) * 2,
        "half": torch.tensor(0.5, dtype=torch.bfloat16),
        "int": torch.tensor([[7]]),
        "nan": torch.tensor(math.nan),
    }
    expected = {"plain": 0.5, "grad": 3.0, "half": 0.5, "int": 7, "nan": "NaN"}
    assert flattener.flatten(data) == expected
    with pytest.raises(InvalidValueError, match=r"shape \(3,\)"):
        flattener.flatten({"many": torch.zeros(3)})


def test_nested_keys_are_joined(flattener: Flattener) -> None:
    assert flattener.flatten({"val": {"top": {"1": 0.5}}, "a/b": 1}) == {"val/top/1": 0.5, "a/b": 1}


@pytest.mark.parametrize("data", [{"a": {"b": 1}, "a/b": 2}, {"a": {3: 1}}, {3: 1}, {"stage": 1}])
def test_keys_that_collide_or_are_no_text_are_refused(
    flattener: Flattener, data: dict[str, object]
) -> None:
    with pytest.raises(InvalidValueError):
        flattener.flatten(data)


def test_a_dictionary_that_holds_itself_is_refused(flattener: Flattener) -> None:
    data: dict[str, object] = {}
    data["a"] = data
    with pytest.raises(InvalidValueError):
        flattener.flatten(data)


@pytest.mark.parametrize("step", [0, -5, 2**62, np.int32(4)])
def test_steps_are_integers(step: int) -> None:
    assert check_step(step) == step


@pytest.mark.parametrize("step", [1.0, "1", None, True, 2**63, math.nan])
def test_other_steps_are_refused(step: object) -> None:
    with pytest.raises(InvalidValueError, match="step"):
        check_step(step)


@pytest.mark.parametrize("stage", [1, None, b"train", "\ud800"])
def test_a_stage_that_is_no_text_is_refused(stage: object) -> None:
    with pytest.raises(InvalidValueError, match="stage"):
        check_stage(stage)


def test_documents_take_anything_and_stay_json() -> None:
    import json

    config: dict[Any, Any] = {
        "lr": np.float32(0.5), "deep": {"list": [1, (2, {"x": math.inf})]}, 7: "int key",
        "object": Fraction(1, 3), "big": 2**80, "none": None, "text": "\ud800", "flag": True,
    }  # fmt: skip
    plain = plain_document(config, Plugins().convert)
    assert json.loads(json.dumps(plain)) == {
        "lr": 0.5, "deep": {"list": [1, [2, {"x": "Infinity"}]]}, "7": "int key", "object": "1/3",
        "big": str(2**80), "none": None, "text": "\\ud800", "flag": True,
    }  # fmt: skip


numbers = st.one_of(st.floats(), st.integers(-(2**80), 2**80), st.booleans())
keys = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1)
keys = keys.filter(lambda key: len(key) < 200 and key not in {"time", "stage", "global_step"})


@given(st.dictionaries(keys, numbers, max_size=5))
def test_what_is_logged_is_what_is_read(data: dict[str, float]) -> None:
    flat = Flattener(Plugins().convert).flatten(data)
    line = encode(1.0, "metrics", {**flat, "global_step": 3})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    event = decode(0, line[:-1])
    assert isinstance(event, Event)
    read = {key: value for key, value in metrics_of(event) if key != "step"}
    logged = {key: float(value) for key, value in data.items() if key != "step"}
    assert read.keys() == logged.keys()
    for key, value in logged.items():
        assert read[key] == value or (math.isnan(read[key]) and math.isnan(value))


def test_a_key_given_nested_and_joined_is_refused_however_often_it_is_logged() -> None:
    flattener = Flattener(lambda _key, _value: None)
    flattener.flatten({"a/b": 1.0})
    for data in ({"a": {"b": 1.0}, "a/b": 2.0}, {"a/b": 2.0, "a": {"b": 1.0}}):
        with pytest.raises(InvalidValueError, match="twice"):
            flattener.flatten(data)
    assert flattener.flatten({"a": {"b": 1.0, "c": {}}, "d": {}}) == {"a/b": 1.0}

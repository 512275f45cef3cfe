"""The config of a run: what it may be made of, how it is read and changed."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import pickle
from collections import namedtuple
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from pydantic import BaseModel

import runicorn as rn
from runicorn.errors import InvalidValueError, RunClosedError


class Schedule(BaseModel):
    name: str = "cosine"
    steps: int = 10


@dataclasses.dataclass
class Optimizer:
    lr: float = 0.1
    schedule: Schedule = dataclasses.field(default_factory=Schedule)


class Kind(Enum):
    SGD = "sgd"


Size = namedtuple("Size", "width height")  # noqa: PYI024 - a plain one is what users have
NESTED = {"lr": 0.1, "schedule": {"name": "cosine", "steps": 10}}


def saved(run: rn.Run) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((run.run_dir / "config.json").read_text("utf-8"))
    return document


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"a": 1, "b": {"c": [1, 2]}}, {"a": 1, "b": {"c": [1, 2]}}),
        (Optimizer(), NESTED),
        (argparse.Namespace(lr=0.1, flag=True), {"lr": 0.1, "flag": True}),
        (SimpleNamespace(opt=Optimizer()), {"opt": NESTED}),
        (Schedule(), {"name": "cosine", "steps": 10}),
        (OmegaConf.create({"a": 1, "b": "${a}", "c": {"d": [1]}}),
         {"a": 1, "b": 1, "c": {"d": [1]}}),
        (OmegaConf.create({"a": "${nowhere}"}), {"a": "${nowhere}"}),
        ({"size": Size(1, 2)}, {"size": {"width": 1, "height": 2}}),
        ({"array": np.arange(3), "scalar": np.float32(0.5)}, {"array": [0, 1, 2], "scalar": 0.5}),
        ({"path": Path("data"), "kind": Kind.SGD}, {"path": "data", "kind": "Kind.SGD"}),
        ({1: "a", ("b", 2): None}, {"1": "a", "('b', 2)": None}),
        ({"half \ud800": "\ud800", "big": 2**70, "nan": float("nan")},
         {"half \\ud800": "\\ud800", "big": str(2**70), "nan": "NaN"}),
        ({"huge": 10**5000}, {"huge": hex(10**5000)}),
        (None, {}),
    ],
)  # fmt: skip
def test_everything_with_named_fields_is_a_config(root: Path, given: object, kept: object) -> None:
    run = rn.init(storage=root, config=given)
    assert saved(run) == kept
    assert run.config.as_dict() == kept


def test_nothing_a_user_wrote_is_called(root: Path) -> None:
    calls: list[int] = []
    run = rn.init(storage=root, config={"make": lambda: calls.append(1)})
    assert calls == []
    assert "lambda" in saved(run)["make"]


@pytest.mark.parametrize("given", [3, "lr=1", [("lr", 1)], Optimizer])
def test_what_has_no_fields_is_refused_before_anything_is_made(root: Path, given: object) -> None:
    with pytest.raises(InvalidValueError, match="config"):
        rn.init(storage=root, config=given)
    assert not root.exists()


def test_what_is_nested_too_deep_or_holds_itself_is_refused_and_harms_nothing(root: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidValueError, match="deeper"):
        rn.init(storage=root, config=deep)
    assert not root.exists()
    run = rn.init(storage=root)
    for bad in (deep, {"a": endless}):
        for change in (run.summary, run.config.update):
            with pytest.raises(InvalidValueError, match="deeper"):
                change(bad)
    run.summary({"x": 1})
    run.finish()
    assert json.loads((run.run_dir / "summary.json").read_text()) == {"x": 1}
    assert json.loads((run.run_dir / "status.json").read_text())["status"] == "finished"


def test_changes_are_kept_and_journalled_as_what_changed(root: Path) -> None:
    run = rn.init(storage=root, config={"lr": 0.1, "opt": {"name": "sgd", "wd": 0}})
    run.config.lr = 0.2
    run.config["opt"]["wd"] = 0.01
    run.config.opt.betas = (0.9, 0.999)
    run.config.update(argparse.Namespace(seed=1), batch=8)
    rn.config.epochs = 3
    kept = {
        "lr": 0.2, "opt": {"name": "sgd", "wd": 0.01, "betas": [0.9, 0.999]},
        "seed": 1, "batch": 8, "epochs": 3,
    }  # fmt: skip
    assert saved(run) == kept
    assert run.config == kept
    assert run.config.opt.name == "sgd"
    lines = (run.run_dir / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["data"] for line in lines][1:] == [
        {"lr": 0.2}, {"opt": {"wd": 0.01}}, {"opt": {"betas": [0.9, 0.999]}},
        {"seed": 1, "batch": 8}, {"epochs": 3},
    ]  # fmt: skip


def test_a_copy_of_the_config_is_a_plain_dictionary(root: Path) -> None:
    given = {"lr": 1, "opt": {"name": "sgd"}}
    run = rn.init(storage=root, config=given)
    again: Any
    for again in (
        copy.copy(run.config),
        copy.deepcopy(run.config),
        pickle.loads(pickle.dumps(run.config)),
    ):
        assert (type(again), again) == (dict, given)
    again["opt"]["name"] = "adam"
    assert run.config.opt.name == "sgd"


def test_numbers_of_other_libraries_are_numbers_where_nothing_is_recorded_too(root: Path) -> None:
    run = rn.init(storage=root, mode="disabled", config={"lr": np.float32(0.5)})
    assert run.config.lr == 0.5


def test_a_missing_key_says_which_there_are_and_none_can_be_taken_out(root: Path) -> None:
    run = rn.init(storage=root, config={"lr": 1})
    with pytest.raises(AttributeError, match=r"\['lr'\]"):
        _ = run.config.learning_rate
    with pytest.raises(KeyError):
        _ = run.config["learning_rate"]
    with pytest.raises(InvalidValueError):
        del run.config["lr"]
    run.finish()
    with pytest.raises(RunClosedError):
        run.config.lr = 2


def test_the_summary_is_a_dictionary_and_can_be_called(root: Path) -> None:
    run = rn.init(storage=root)
    run.summary["a"] = 1
    run.summary({"b": np.float64(2)})
    run.summary.update({"c": 3}, d=4)
    rn.summary({"a": 5})
    assert dict(run.summary) == {"a": 5, "b": 2, "c": 3, "d": 4}
    assert json.loads((run.run_dir / "summary.json").read_text()) == dict(run.summary)
    with pytest.raises(InvalidValueError):
        run.summary([1])  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError):
        del run.summary["a"]

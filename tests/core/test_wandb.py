"""Scripts written for the other API run unchanged but for their import."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runicorn as rn
from runicorn import wandb
from runicorn.testing import read_events


@pytest.fixture(autouse=True)
def nobody_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wandb, "_told", set())
    monkeypatch.setattr(wandb, "_active", None)


def rows(run: wandb.CompatibleRun) -> list[dict[str, Any]]:
    events = read_events(run.recorded.run_dir, "metrics")
    return [
        {key: value for key, value in event["data"].items() if key != "time"} for event in events
    ]


def test_a_plain_training_script_is_recorded(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = wandb.init(
        project="vision", entity="team", name="lr: 0.1", config={"lr": 0.1}, dir=root,
        tags=["a"], settings=None,
    )  # fmt: skip
    wandb.define_metric("val/*", summary="max")
    wandb.watch(object())
    for epoch in range(3):
        wandb.log({"loss": 1.0 / (epoch + 1), "val": {"acc": epoch}, "phase": "train"})
    wandb.config.update({"epochs": 3})
    wandb.run.summary["best"] = 2
    wandb.alert("done", "really", wandb.AlertLevel.WARN)
    wandb.finish()
    assert wandb.run is None
    assert (run.project, run.name) == ("vision", "lr- 0.1")
    assert [row["global_step"] for row in rows(run)] == [0, 1, 2]
    found = rn.run_by_id(run.id, root=root)
    assert found.config == {"lr": 0.1, "epochs": 3}
    assert (found.status, found.tags) == ("finished", ["a"])
    assert found.history("val/acc").values.tolist() == [0, 1, 2]
    kinds = [event.type for event in found.events()]
    assert {"define_metric", "alert", "text", "summary"} <= set(kinds)
    assert caplog.text.count("has no meaning here") == 2  # entity and settings
    assert caplog.text.count("watch() records nothing") == 1


def test_values_wait_for_the_call_that_commits_and_are_not_lost_at_the_end(root: Path) -> None:
    run = wandb.init(dir=root)
    wandb.log({"a": 1}, commit=False)
    wandb.log({"b": 2})
    wandb.log({"c": 3}, step=10)
    wandb.log({"d": 4}, step=10)
    wandb.log({"e": 5})
    wandb.log({"f": math.inf, "none": None}, commit=False)
    run.finish()
    assert rows(run) == [
        {"a": 1, "b": 2, "global_step": 0},
        {"c": 3, "global_step": 10},
        {"d": 4, "global_step": 10},
        {"e": 5, "global_step": 10},
        {"f": "Infinity", "global_step": 11},
    ]


def test_a_failed_exit_and_an_exception_are_failures(root: Path) -> None:
    run = wandb.init(dir=root)
    wandb.finish(exit_code=3)
    assert rn.run_by_id(run.id, root=root).status == "failed"
    run = wandb.init(dir=root)
    wandb.log({"a": 1}, commit=False)
    with pytest.raises(ZeroDivisionError), run:
        raise ZeroDivisionError
    assert rn.run_by_id(run.id, root=root).status == "failed"
    assert len(rows(run)) == 1


def test_resuming_goes_on_behind_the_last_step(root: Path) -> None:
    with wandb.init(dir=root, id="x") as run:
        run.log({"a": 1})
        run.log({"a": 2})
    with wandb.init(dir=root, id="x", resume="must") as run:
        run.log({"a": 3})
    assert [row["global_step"] for row in rows(run)] == [0, 1, 2]


def test_disabled_leaves_no_trace_and_without_init_the_error_says_so(root: Path) -> None:
    with pytest.raises(rn.RunicornError, match="init"):
        wandb.log({"a": 1})
    assert wandb.login(key="anything")
    wandb.init(dir=root, mode="disabled")
    wandb.log({"a": 1})
    wandb.finish()
    assert not root.exists()
    with pytest.raises(AttributeError, match="sweep"):
        wandb.sweep  # noqa: B018 - there is none


def test_media_of_that_api_are_media_of_a_run(root: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("kept", encoding="utf-8")
    with wandb.init(dir=root) as run:
        wandb.log(
            {
                "digit": wandb.Image(np.zeros((4, 4), dtype=np.uint8), caption="black"),
                "table": wandb.Table(columns=["a", "b"], data=[[1, 2], [3, 4]]),
                "weights": wandb.Histogram(np.arange(10.0)),
                "loss": 0.5,
            }
        )
        wandb.save(str(tmp_path / "*.txt"))
    kinds = [event["type"] for event in read_events(run.recorded.run_dir)]
    assert {"image", "table", "histogram", "metrics", "file"} <= set(kinds)

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command
from tests.core.conftest import NewRun


def test_a_run_is_shown_whole(runicorn: Command, new_run: NewRun) -> None:
    run = new_run(
        "abc", "vision", "net", config={"lr": 0.1, "model": {"depth": 50, "parts": {}}},
        tags=["good"], notes="first", argv=["train.py", "--lr", "0 1"], hostname="gpu-1", pid=7,
        summary={"test": {"acc": 0.5}, "best_metric_name": "acc", "best_metric_value": 0.25},
    )  # fmt: skip
    run.log({"loss": 0.5, "acc": "NaN"}, step=3)
    said = runicorn("show", "ab").out.splitlines()
    for line in (
        "run\tabc", "experiment\tvision/net", "status\tfinished", "tags\tgood", "notes\tfirst",
        "command\ttrain.py --lr '0 1'", "host\tgpu-1, process 7", "best\tacc 0.25", "lr\t0.1",
        "model.depth\t50", "model.parts\t{}", "acc\tNaN\t\t\t\t1",
        "loss\t0.5\t0.5\t0.5\t0.5\t1", "test.acc\t0.5",
        "steps\t3 to 3", "created\t2023-11-14T22:13:20+00:00",
    ):  # fmt: skip
        assert line in said


def test_the_newest_run_is_shown_when_none_is_named(runicorn: Command, new_run: NewRun) -> None:
    new_run("zzz", created_at=1.0)
    new_run("aaa", created_at=2.0)
    assert "run\taaa" in runicorn("show").out


def test_the_json_of_a_run_holds_what_the_index_and_its_documents_say(
    runicorn: Command, new_run: NewRun
) -> None:
    run = new_run("abc", config={"lr": 0.1}, notes="first")
    run.log({"loss": 0.5}, step=3)
    told = runicorn("show", "abc", "--json").json
    assert told["experiment"]["config"] == {"lr": 0.1}
    assert told["experiment"]["summary"] == {"loss": 0.5}
    assert (told["notes"], told["meta"]["id"]) == ("first", "abc")


def test_damage_is_shown_with_its_place(runicorn: Command, new_run: NewRun) -> None:
    run = new_run("abc")
    run.log({"loss": 0.5}, step=3)
    offset = run.raw(b"garbage\n")
    (run.path / "config.json").write_bytes(b"[")
    answer = runicorn("show", "abc")
    assert answer.code == 0
    assert f"events.jsonl\t{offset}\tno JSON" in answer.out
    assert "config.json\t0\tcan't be read" in answer.out


def test_a_run_that_is_not_there_is_told_with_those_that_look_like_it(
    runicorn: Command, new_run: NewRun
) -> None:
    new_run("20260101_120000_abcdef")
    new_run("20260102_120000_fedcba")
    for text, meant in (
        ("20260101_120000_abcdeg", "20260101_120000_abcdef"),
        ("fedcba", "20260102_120000_fedcba"),
    ):
        answer = runicorn("show", text)
        assert answer.code == 1
        assert f"Perhaps {meant}" in answer.err
    answer = runicorn("show", "202601")
    assert answer.code == 1
    assert "beginning of 2 runs" in answer.err
    assert "No run has the id" in runicorn("show", "nothing").err
    assert "Perhaps" not in runicorn("show", "nothing").err


def test_a_root_without_runs_has_no_newest(runicorn: Command, root: Path) -> None:
    root.mkdir()
    answer = runicorn("show")
    assert (answer.code, "no runs" in answer.err) == (1, True)

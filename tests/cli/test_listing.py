from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.curation.recycle import delete
from tests.cli.conftest import Command
from tests.core.conftest import NewRun

ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def three(new_run: NewRun) -> None:
    first = new_run("a1", "vision", "net", config={"lr": 0.1}, tags=["good", "x"], created_at=1.0)
    first.log({"loss": 0.5}, step=1)
    second = new_run("b2", "vision", "net/deep", config={"lr": 0.01}, created_at=2.0)
    second.log({"loss": "NaN"}, step=1)
    new_run("c3", "nlp", "bert", created_at=3.0, summary={
        "best_metric_name": "acc", "best_metric_value": 0.25, "best_metric_step": 7,
    })  # fmt: skip


def test_runs_are_listed_newest_first_with_what_programs_need(
    runicorn: Command, three: None
) -> None:
    answer = runicorn("ls")
    assert answer.code == 0
    assert [row["run"] for row in answer.rows] == ["c3", "b2", "a1"]
    assert answer.rows[0] == {
        "run": "c3",
        "experiment": "nlp/bert",
        "status": "finished",
        "created": "1970-01-01T00:00:03+00:00",
        "took": "60.000",
        "best": "acc 0.25",
        "tags": "",
    }
    assert answer.rows[2]["tags"] == "good, x"


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--project", "vision"], ["b2", "a1"]),
        (["-p", "vision", "-n", "net/deep"], ["b2"]),
        (["--tag", "good", "--tag", "x"], ["a1"]),
        (["--tag", "good", "--tag", "y"], []),
        (["--search", "BER"], ["c3"]),
        (["--status", "finished", "--status", "failed"], ["c3", "b2", "a1"]),
        (["--status", "failed"], []),
        (["--filter", "cfg.lr < 0.05 or project:nlp"], ["c3", "b2"]),
        (["-F", "not tag:good"], ["c3", "b2"]),
        (["--sort", "created_at"], ["a1", "b2", "c3"]),
        (["--sort", "-cfg.lr"], ["a1", "b2", "c3"]),
        (["--sort", "loss", "--limit", "1"], ["a1"]),
        (["--limit", "0"], ["c3", "b2", "a1"]),
    ],
)
def test_filters_orders_and_limits(
    runicorn: Command, three: None, words: list[str], ids: list[str]
) -> None:
    assert runicorn("ls", "--ids", *words).out.split() == ids
    listed = runicorn("ls", "--json", *words).json
    assert [each["id"] for each in listed["runs"]] == ids


def test_more_runs_than_a_page_are_all_listed(
    runicorn: Command, new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runicorn.cli.choosing.PAGE_RUNS", 2)
    for number in range(5):
        new_run(f"r{number}", created_at=float(number))
    assert runicorn("ls", "-q", "--limit", "0").out.split() == ["r4", "r3", "r2", "r1", "r0"]
    assert runicorn("ls", "-q", "--limit", "3").out.split() == ["r4", "r3", "r2"]


def test_chosen_columns_stand_beside_the_others_and_nan_is_kept(
    runicorn: Command, three: None
) -> None:
    answer = runicorn("ls", "-c", "cfg.lr", "-c", "loss")
    assert [(row["cfg.lr"], row["loss"]) for row in answer.rows] == [
        ("", ""), ("0.01", "NaN"), ("0.1", "0.5"),
    ]  # fmt: skip


def test_what_is_not_shown_is_told(runicorn: Command, three: None) -> None:
    assert runicorn("ls", "--limit", "2").err == "runicorn: 2 of 3 runs; --limit shows more\n"
    assert runicorn("ls", "--tag", "none").err == "runicorn: no run matches\n"


def test_the_recycle_bin_is_listed_when_asked_for(runicorn: Command, new_run: NewRun) -> None:
    kept, gone = new_run("kept"), new_run("gone")
    delete(gone.folder)
    assert runicorn("ls", "-q").out.split() == [kept.id]
    assert runicorn("ls", "-q", "--deleted").out.split() == [gone.id]
    assert sorted(runicorn("ls", "-q", "--all").out.split()) == ["gone", "kept"]
    assert {row["run"]: row["deleted"] for row in runicorn("ls", "--all").rows} == {
        "gone": "yes", "kept": "",
    }  # fmt: skip


def test_an_empty_root_and_none_at_all(runicorn: Command, root: Path) -> None:
    assert "no root" in runicorn("ls").err
    assert runicorn("ls").code == 1
    assert not root.exists()
    root.mkdir()
    answer = runicorn("ls")
    assert (answer.code, answer.rows) == (0, [])
    assert answer.err == "runicorn: no runs yet\n"
    assert runicorn("ls", "--json").json == {"runs": [], "total": 0}


def test_a_wrong_call_is_told_in_a_line(runicorn: Command, three: None) -> None:
    for words in (
        ["--status", "dead"],
        ["--filter", "lr <"],
        ["--sort", "nothing"],
        ["--sort", "cfg."],
        ["--limit", "x"],
    ):
        answer = runicorn("ls", *words)
        assert (answer.code, answer.out) == (2, "")
    assert "running, finished" in runicorn("ls", "--status", "dead").err
    assert runicorn("nonsense").code == 2
    assert "runicorn ls --help" in runicorn("ls", "--no-such-option").err


def test_a_damaged_run_is_listed_with_its_problems(runicorn: Command, new_run: NewRun) -> None:
    run = new_run("a")
    run.raw(b"garbage\n")
    run.folder.meta.write_text("{", encoding="utf-8")
    assert runicorn("ls").rows[0]["problems"] == "2"


def test_a_terminal_gets_a_table_that_fits_it(
    on_terminal: Callable[..., str], new_run: NewRun
) -> None:
    new_run(
        "20260101_000000_aaaaaa", "vision", "resnet/baseline", tags=["sweep"],
        summary={"best_metric_name": "val/acc", "best_metric_value": 0.987654321},
    )  # fmt: skip
    for columns in (60, 80, 140):
        plain = ANSI.sub("", on_terminal(columns, "ls"))
        assert all(len(line.rstrip()) <= columns for line in plain.splitlines()), plain
        assert plain.splitlines()[1].startswith("20260101_000000_aaaaaa  vision/resnet/baseline")
        assert ("sweep" in plain) == (columns == 140)
        assert ("val/acc 0.987654" in plain) == (columns > 60)


def test_colours_stand_on_a_terminal_only_and_not_where_they_are_refused(
    on_terminal: Callable[..., str], runicorn: Command, new_run: NewRun
) -> None:
    new_run("a")
    assert "\x1b[32mfinished" in on_terminal(100, "ls")
    assert "\x1b[32m" not in on_terminal(100, "ls", NO_COLOR="1")
    assert "\x1b" not in runicorn("ls").out


@pytest.mark.promise(11)
def test_hostile_names_tags_and_notes_do_not_steer_the_terminal(
    on_terminal: Callable[..., str], runicorn: Command, new_run: NewRun
) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202etxt\x9b31m\nline"
    new_run("a", tags=[evil], notes=evil, config={evil: evil}, hostname=evil, argv=[evil])
    for words in (["ls"], ["show", "a"]):
        for text in (on_terminal(200, *words, NO_COLOR="1"), runicorn(*words).out):
            shown = ANSI.sub("", text.replace("\t", "").replace("\n", ""))
            assert "owned" in shown
            assert shown.isprintable(), shown
            assert "\x1b]" not in text
            assert "\x1b[2J" not in text


def test_a_running_run_says_so(runicorn: Command, root: Path) -> None:
    with rn.init("p", "n", storage=root) as run:
        assert runicorn("ls", "--status", "running", "-q").out.split() == [run.id]

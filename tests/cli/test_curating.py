from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.curation.finding import folders_by_id
from runicorn.curation.recycle import delete
from tests.cli.conftest import Command
from tests.core.conftest import NewRun


def ids(root: Path) -> list[str]:
    return sorted(folders_by_id(root))


def test_tags_and_notes_are_given_to_several_runs_and_shown(
    runicorn: Command, new_run: NewRun
) -> None:
    new_run("a", tags=["old", "x"])
    new_run("b")
    answer = runicorn("tag", "a", "b", "--add", "good", "--remove", "old", "--notes", "best one")
    assert answer.rows == [
        {"run": "a", "tags": "x, good", "notes": "best one"},
        {"run": "b", "tags": "good", "notes": "best one"},
    ]
    assert runicorn("tag", "a").rows == answer.rows[:1]
    assert runicorn("ls", "-q", "--tag", "good").out.split() == ["b", "a"]
    told = runicorn("tag", "a", "--notes", "", "--json").json
    assert told == {"runs": [{"id": "a", "tags": ["x", "good"], "notes": None}]}


def test_a_bad_tag_changes_no_run(runicorn: Command, new_run: NewRun) -> None:
    runs = [new_run("a"), new_run("b")]
    assert runicorn("tag", "a", "b", "--add", "fine", "--add", "\x1b[2J").code == 2
    assert not any(run.folder.annotations.exists() for run in runs)


def test_a_run_goes_into_the_bin_and_comes_back(runicorn: Command, new_run: NewRun) -> None:
    run = new_run("a")
    new_run("b")
    answer = runicorn("rm", "a", "--reason", "a typo")
    assert answer.out == "a of p/n is in the recycle bin\n"
    assert "runicorn restore" in answer.err
    assert b"a typo" in run.folder.deleted.read_bytes()
    assert runicorn("ls", "-q").out.split() == ["b"]
    assert runicorn("rm", "a").out == "a of p/n is in the recycle bin already\n"
    assert runicorn("rm", "a", "b", "--json").json == {"deleted": ["b"]}
    assert runicorn("restore", "a").out == "a of p/n is back\n"
    assert "not in the recycle bin" in runicorn("restore", "a").err
    assert runicorn("restore", "b", "--json").json == {"restored": ["b"]}
    assert runicorn("ls", "-q").out.split() == ["b", "a"]


def test_purging_asks_somebody_or_needs_yes(
    runicorn: Command, new_run: NewRun, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_run("a").folder.logs.write_bytes(b"x" * 2_000_000)
    answer = runicorn("rm", "a", "--purge")
    assert answer.code == 2
    assert "--yes" in answer.err
    assert ids(root) == ["a"]
    answer = runicorn("rm", "a", "--purge", "--yes")
    assert (answer.code, answer.out) == (0, "1 run (2.0 MB) removed for good\n")
    assert ids(root) == []


@pytest.mark.parametrize(("typed", "left"), [("y\n", []), ("n\n", ["a"]), ("\n", ["a"])])
def test_the_answer_on_a_terminal_decides(
    on_terminal: Callable[..., str], new_run: NewRun, root: Path, typed: str, left: list[str]
) -> None:
    new_run("a")
    said = on_terminal(80, "rm", "--purge", "a", typed=typed)
    assert "Remove 1 run (" in said
    assert ("nothing was done" in said) == bool(left)
    assert ids(root) == left


def test_the_whole_bin_is_purged_and_nothing_else(
    runicorn: Command, new_run: NewRun, root: Path
) -> None:
    for run_id in ("a", "b"):
        delete(new_run(run_id).folder)
    new_run("c")
    told = runicorn("rm", "--purge", "--all-deleted", "--yes", "--json").json
    assert sorted(told["purged"]) == ["a", "b"]
    assert told["freed_bytes"] > 0
    assert ids(root) == ["c"]
    assert runicorn("rm", "--purge", "--all-deleted", "-y").out.startswith("0 runs")
    for words in (["rm"], ["rm", "--all-deleted"], ["rm", "c", "--purge", "--all-deleted"]):
        assert runicorn(*words).code == 2
    assert ids(root) == ["c"]


def test_nothing_is_purged_or_moved_when_one_of_them_still_records(
    runicorn: Command, new_run: NewRun, root: Path
) -> None:
    new_run("a")
    with rn.init("p", "n", storage=root) as run:
        for words in (["rm", "--purge", "-y", "a", run.id], ["move", "a", run.id, "q/n"]):
            answer = runicorn(*words)
            assert (answer.code, "still recording" in answer.err) == (1, True)
        assert ids(root) == sorted(["a", run.id])
        assert runicorn("rm", run.id).code == 0
    assert folders_by_id(root)["a"].project == "p"


def test_runs_are_moved_together(runicorn: Command, new_run: NewRun, root: Path) -> None:
    new_run("a")
    new_run("b")
    assert runicorn("move", "a", "b", "q/x/y").out == "a is in q/x/y\nb is in q/x/y\n"
    assert runicorn("ls", "-q", "-p", "q", "-n", "x/y").out.split() == ["b", "a"]
    (moved,) = runicorn("move", "a", "r/n", "--json").json["moved"]
    assert moved == {"id": "a", "run_dir": str(root / "r" / "n" / "runs" / "a")}
    for words, code in ((["a", "r"], 2), (["a", "../n"], 2), (["a", "r/n"], 1), (["z", "r/n"], 1)):
        assert runicorn("move", *words).code == code

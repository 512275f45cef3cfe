from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runicorn.cli.progress import progress
from tests.cli.conftest import Command
from tests.core.conftest import NewRun


def test_a_sound_root_has_nothing_but_good_findings(runicorn: Command, new_run: NewRun) -> None:
    new_run("a").log({"loss": 1.0}, step=1)
    answer = runicorn("doctor")
    assert answer.code == 0
    levels = {row["check"]: row["level"] for row in answer.rows}
    assert levels["damage"] == levels["index"] == levels["root"] == "ok"


def test_what_is_wrong_is_found_with_what_to_do(
    runicorn: Command, new_run: NewRun, root: Path
) -> None:
    run = new_run("a")
    run.raw(b"garbage\n")
    run.raw(b'{"ts": 1')
    (root / "runicorn.db.lock").mkdir()  # so that no index can be made
    (root / "runicorn.db").mkdir()
    answer = runicorn("doctor", "--json")
    assert answer.code == 1
    assert "1 error" in answer.err
    found = {each["check"]: each for each in answer.json["findings"]}
    assert found["index"]["level"] == "error"
    assert "reindex" in found["index"]["advice"]
    assert "a" in found["torn tails"]["message"]


def test_a_root_that_is_not_there_yet_is_no_error(runicorn: Command, root: Path) -> None:
    answer = runicorn("doctor")
    assert answer.code == 0
    assert answer.rows[0]["level"] == "warning"
    assert not root.exists()


def test_the_index_is_made_anew(runicorn: Command, new_run: NewRun, root: Path) -> None:
    for number in range(3):
        run = new_run(f"r{number}")
        for step in range(10):
            run.log({"loss": 1.0, "acc": 0.5}, step=step)
    answer = runicorn("reindex")
    assert answer.out.startswith("60 points of 3 runs read in ")
    assert str(root / "runicorn.db") in answer.out
    told = runicorn("reindex", "--json").json
    assert (told["n_runs"], told["n_points"]) == (3, 60)
    assert runicorn("reindex", "--continue", "--json").json["n_points"] == 0


def test_a_stopped_reindex_is_continued(
    runicorn: Command, new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        new_run(f"r{number}").log({"loss": 1.0}, step=1)

    @contextmanager
    def stopped_half_way(*words: Any) -> Iterator[Any]:
        with progress(*words) as told:

            def tell(done: int, total: int) -> None:
                told(done, total)
                if done >= total / 2:
                    raise KeyboardInterrupt

            yield tell

    with monkeypatch.context() as patch:
        patch.setattr("runicorn.cli.health.progress", stopped_half_way)
        answer = runicorn("reindex")
    assert answer.code == 130
    assert "--continue" in answer.err
    told = runicorn("reindex", "--continue", "--json").json
    assert 0 < told["n_points"] < 300
    assert runicorn("ls", "-q", "--limit", "0", "--sort", "loss").out.count("\n") == 300
    assert runicorn("reindex", "--continue", "--json").json["n_points"] == 0


def test_space_is_told_by_run_and_in_all(runicorn: Command, new_run: NewRun, root: Path) -> None:
    new_run("small")
    new_run("large").folder.logs.write_bytes(b"x" * 50_000)
    (root / "artifacts").mkdir()
    (root / "artifacts" / "blob").write_bytes(b"y" * 3000)
    lines = runicorn("du").out.splitlines()
    assert lines[1].startswith("large\tp/n\t")
    assert lines[2].startswith("small\tp/n\t")
    assert "artifacts\t3000" in lines
    told = runicorn("du", "--limit", "1", "--json").json
    assert [each["id"] for each in told["runs"]] == ["large"]
    assert told["artifacts_bytes"] == 3000
    assert told["total_bytes"] > 53_000
    assert "1 of 2 runs" in runicorn("du", "-l", "1").err

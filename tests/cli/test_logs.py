from __future__ import annotations

from pathlib import Path

import pytest

import runicorn as rn
from runicorn.query.tail import LogPosition
from tests.cli.conftest import Command, child
from tests.core.conftest import NewRun


@pytest.fixture
def printed(new_run: NewRun) -> Path:
    run = new_run("a")
    run.folder.logs.write_bytes(b"one\n\x1b[32mtwo\x1b[0m\x1b]0;evil\x07\nGr\xc3\xbc\xff\nfour")
    return run.folder.logs


def test_a_log_keeps_its_colours_and_loses_what_steers(runicorn: Command, printed: Path) -> None:
    answer = runicorn("logs")
    assert answer.out == "one\n\x1b[32mtwo\x1b[0m\nGrü\ufffd\nfour\n"
    assert answer.err == ""


def test_a_log_without_colours_and_raw(
    runicorn: Command, printed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b]0;evil\x07" in runicorn("logs", "--raw").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert runicorn("logs").out == "one\ntwo\nGrü\ufffd\nfour\n"


@pytest.mark.parametrize(
    ("n_lines", "lines"), [(0, []), (1, ["four"]), (2, ["Grü\ufffd", "four"]), (9, 4)]
)
def test_only_the_last_lines(
    runicorn: Command, printed: Path, n_lines: int, lines: list[str] | int
) -> None:
    came = runicorn("logs", "a", "--tail", n_lines).out.splitlines()
    assert (len(came) if isinstance(lines, int) else came) == lines


def test_the_log_of_another_rank(runicorn: Command, printed: Path) -> None:
    printed.with_name("logs-1.txt").write_text("of rank 1\n", encoding="utf-8")
    assert runicorn("logs", "--rank", "1").out == "of rank 1\n"
    assert "printed nothing" in runicorn("logs", "--rank", "2").err


def test_json_is_a_document_a_line(runicorn: Command, printed: Path) -> None:
    lines = runicorn("logs", "--json").out.splitlines()
    assert lines[0] == '{"line":"one"}'
    assert len(lines) == 4


def test_a_run_that_printed_nothing(runicorn: Command, new_run: NewRun) -> None:
    new_run("a")
    answer = runicorn("logs", "a")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "runicorn: run a has printed nothing\n"
    assert runicorn("logs", "-f").err == "runicorn: run a is finished\n"


def test_the_last_lines_of_a_long_log_are_found_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = [f"line {number} {'x' * (number % 700)}" for number in range(5000)]
    for end in ("\n", ""):
        path.write_text("\n".join(lines) + end, encoding="utf-8")
        for n_lines in (1, 2, 999, 4999, 5000, 6000):
            position = LogPosition(path)
            position.skip_to_last(n_lines)
            came: list[str] = []
            while block := position.read() or position.read_rest():
                came += block
            assert came == lines[-n_lines:]


def test_a_log_is_followed_until_its_run_ends_also_when_it_is_cut(root: Path) -> None:
    with rn.init("p", "n", storage=root) as run:
        rn.log_text("first")
        with child(root, "logs", run.id, "--follow") as follower:
            assert follower.stdout is not None
            assert follower.stderr is not None
            assert follower.stdout.readline().endswith("first\n")
            rn.log_text("second")
            assert follower.stdout.readline().endswith("second\n")
            (run.run_dir / "logs.txt").write_text("anew\n", encoding="utf-8")
            assert follower.stdout.readline() == "anew\n"
            assert "from its start" in follower.stderr.readline()
            rn.log_text("last")
            rn.finish()
            assert follower.stdout.readline().endswith("last\n")
            assert follower.wait(60) == 0
            assert follower.stderr.read() == f"runicorn: run {run.id} is finished\n"


def test_following_ends_when_the_run_is_removed(root: Path, new_run: NewRun) -> None:
    run = rn.init("p", "n", storage=root)
    rn.log_text("first")
    with child(root, "logs", "-f") as follower:
        assert follower.stdout is not None
        follower.stdout.readline()
        run.run_dir.rename(root / ".gone")
        assert follower.wait(60) == 1
        assert follower.stderr is not None
        assert f"run {run.id} is gone" in follower.stderr.read()
    (root / ".gone").rename(run.run_dir)

"""The command as a process: pipes, signals, a root that can't be written, help, completion."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.cli.commands import build
from tests.cli.conftest import WORDS, Command, child
from tests.core.conftest import NewRun

COMMANDS = sorted(str(command.name) for command in build().registered_commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_its_options(runicorn: Command, command: str) -> None:
    answer = runicorn(command, "--help")
    assert answer.code == 0
    assert f"Usage: runicorn {command}" in answer.out
    assert "--json" in answer.out or command == "viewer"
    assert "<bool>" not in answer.out


def test_help_lists_every_command_and_the_exit_codes(runicorn: Command) -> None:
    for words in (["--help"], ["-h"], []):
        answer = runicorn(*words)
        assert answer.code == 0
        assert all(f" {command} " in answer.out for command in COMMANDS)
        assert "130" in answer.out


def test_a_reader_that_goes_away_is_no_error(root: Path, new_run: NewRun) -> None:
    run = new_run("a")
    run.folder.logs.write_text("line\n" * 500_000, encoding="utf-8")
    with child(root, "logs", "a") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "line\n"
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == ""


def test_ctrl_c_ends_with_130_and_no_traceback(root: Path) -> None:
    with rn.init("p", "n", storage=root):
        rn.log_text("first")
        with child(root, "logs", "-f") as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
            assert process.stderr.read() == ""


def test_text_that_the_terminal_can_not_show_is_spelled_out(root: Path, new_run: NewRun) -> None:
    new_run("a", "文字")
    environment = {**os.environ, "RUNICORN_DIR": str(root), "PYTHONIOENCODING": "ascii"}
    said = subprocess.run([*WORDS, "ls"], env=environment, capture_output=True, check=True)
    assert b"\\u6587\\u5b57/n" in said.stdout


def test_an_error_of_the_command_itself_is_a_line_unless_asked_for_more(
    runicorn: Command, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    root.mkdir()
    monkeypatch.setattr("runicorn.cli.listing.query_of", None)
    assert "RUNICORN_DEBUG=1 shows where" in runicorn("ls").err
    monkeypatch.setenv("RUNICORN_DEBUG", "1")
    with pytest.raises(TypeError):
        runicorn("ls")


def test_ids_and_projects_are_completed_by_the_shell(root: Path, new_run: NewRun) -> None:
    new_run("20260101_000000_aaaaaa", "vision")
    new_run("20260202_000000_bbbbbb", "audio")
    for typed, offered in (
        ("show 202602", "20260202_000000_bbbbbb"),
        ("ls --project v", "vision"),
        (f"logs --root {root} 202601", "20260101_000000_aaaaaa"),
        ("sh", "show"),
    ):
        environment = {
            **os.environ,
            "RUNICORN_DIR": str(root) if "--root" not in typed else str(root / "none"),
            "_RUNICORN_COMPLETE": "complete_bash",
            "COMP_WORDS": f"runicorn {typed}",
            "COMP_CWORD": str(len(typed.split())),
        }
        script = "from runicorn.cli import main; main()"
        said = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.stdout.split() == [offered], said.stderr


# Root may write everywhere; without these two capabilities it may do what others may.
UNPRIVILEGED = [
    "setpriv",
    *(f"--{s}=-dac_override,-dac_read_search" for s in ("bounding-set", "inh-caps")),
]


def reading_only(root: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a root that it may read and not write."""
    for path in (root, *root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = UNPRIVILEGED if os.geteuid() == 0 else []
    environment = {**os.environ, "RUNICORN_DIR": str(root), **variables}
    return subprocess.run(
        [*before, *WORDS, *words], env=environment, capture_output=True, text=True, check=False
    )


def test_a_root_that_can_not_be_written_is_read_all_the_same(
    root: Path, new_run: NewRun, tmp_path: Path
) -> None:
    run = new_run("a")
    run.log({"loss": 0.5}, step=1)
    cache = tmp_path / "cache"
    said = reading_only(root, "ls", "-c", "loss", XDG_CACHE_HOME=str(cache))
    assert (said.returncode, said.stderr) == (0, "")
    assert "0.5" in said.stdout
    assert not (root / "runicorn.db").exists()
    assert len(list(cache.rglob("*.db"))) == 1
    said = reading_only(root, "ls", "-q", XDG_CACHE_HOME=str(root / "cache"))
    assert (said.returncode, said.stdout) == (0, "a\n")
    assert said.stderr.startswith("runicorn: ")
    assert "an index of its own meanwhile" in said.stderr
    for words in (["rm", "a"], ["tag", "a", "--add", "x"], ["move", "a", "q/n"], ["reindex"]):
        said = reading_only(root, *words, XDG_CACHE_HOME=str(root / "cache"))
        assert said.returncode == 1
        assert said.stderr.startswith("runicorn: ")
        assert said.stderr.count("\n") == 1
    root.chmod(0o755)
    for folder in root.rglob("*"):
        folder.chmod(0o755)


def test_a_root_whose_index_somebody_locks_is_read_all_the_same(
    runicorn: Command, new_run: NewRun, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_run("a").log({"loss": 0.5}, step=1)
    runicorn("ls")
    new_run("b")
    monkeypatch.setattr("runicorn.index.database.BUSY_S", 0.1)
    locker = sqlite3.connect(root / "runicorn.db", isolation_level=None)
    try:
        locker.execute("BEGIN EXCLUSIVE")
        answer = runicorn("ls", "-q")
        assert (answer.code, answer.out) == (0, "b\na\n")
        assert "locked" in answer.err
        assert runicorn("history", "a", "--json").json["rows"][0][:2] == [1, 0.5]
    finally:
        locker.close()

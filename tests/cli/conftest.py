"""Runs the command in this process, as a child, or on a terminal of a given width."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runicorn.cli import run
from tests.core.conftest import new_run as new_run  # noqa: PLC0414 - a fixture of its own here

WORDS = [sys.executable, "-m", "runicorn.cli"]
# A child that does not end by itself is a failure [s].
PATIENCE_S = 60


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        """The lines of a table for programs, by their headings."""
        heads, *lines = [line.split("\t") for line in self.out.splitlines()]
        return [dict(zip(heads, line, strict=True)) for line in lines]


Command = Callable[..., Answer]


@pytest.fixture
def runicorn(
    capsys: pytest.CaptureFixture[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Run the command on the test's root and give its answer; checks that errors are one line."""
    monkeypatch.setenv("RUNICORN_DIR", str(root))

    def call(*words: object) -> Answer:
        capsys.readouterr()
        code = run([str(word) for word in words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        if code:
            assert said.err.startswith("runicorn: "), said.err
            assert said.err.count("\n") == 1, said.err
        return Answer(code, said.out, said.err)

    return call


@contextmanager
def child(root: Path, *words: object, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """Start the command as a process of its own; it is ended with the block."""
    process = subprocess.Popen(
        [*WORDS, *map(str, words)],
        env={**os.environ, "RUNICORN_DIR": str(root), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )
    try:
        with process:
            yield process
    finally:
        if process.poll() is None:
            process.kill()


@pytest.fixture
def on_terminal(root: Path) -> Callable[..., str]:
    """Run the command on a terminal: ``on_terminal(80, "ls")`` gives what came, codes and all."""

    def call(columns: int, *words: object, typed: str = "", **variables: str) -> str:
        return _on_terminal(root, columns, [str(word) for word in words], typed, variables)

    return call


def _on_terminal(
    root: Path, columns: int, words: list[str], typed: str, variables: dict[str, str]
) -> str:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    environment |= {"RUNICORN_DIR": str(root), "TERM": "xterm-256color", **variables}
    process = subprocess.Popen(
        [*WORDS, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    came = b""
    try:
        while block := _read(ours):
            came += block
        process.wait(PATIENCE_S)
    finally:
        os.close(ours)
        process.kill()
    return came.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other side is closed
        return b""

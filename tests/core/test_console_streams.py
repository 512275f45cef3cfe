# ruff: noqa: T201 - what is printed is what these tests are about
from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn


@pytest.fixture(autouse=True)
def recorded_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNICORN_CAPTURE_CONSOLE", "all")


class Notebook:
    """A stream as notebooks have it: no descriptor, and it is never a terminal."""

    encoding = "UTF-8"

    def __init__(self) -> None:
        self.shown: list[str] = []

    def write(self, text: str) -> int:
        self.shown.append(text)
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


def start(root: Path, **more: Any) -> Any:
    return rn.init(storage=root, system_metrics=False, **more)


def logged_by(run: Any) -> list[str]:
    """Finish a run and return what its log holds, without times."""
    run.finish()
    text = (run.run_dir / "logs.txt").read_text(encoding="utf-8")
    return [line[11:] for line in text.splitlines()]


Place = Callable[[], Notebook]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    """Put a notebook's stream in place; in the test, because pytest puts its own there first."""

    def put() -> Notebook:
        stream = Notebook()
        monkeypatch.setattr(sys, "stdout", stream)
        return stream

    return put


@pytest.mark.parametrize("level", ["all", "python"])
def test_a_stream_without_a_descriptor_is_heard_and_left_as_it_was(
    root: Path, place: Place, level: str
) -> None:
    notebook = place()
    run = start(root, capture_console=level)
    print("in a cell", 1)
    assert sys.stdout is notebook
    assert logged_by(run) == ["in a cell 1"]
    assert notebook.shown == ["in a cell", " ", "1", "\n"]
    assert "write" not in vars(notebook)
    print("after")


def test_a_write_that_was_patched_before_is_put_back(root: Path, place: Place) -> None:
    notebook = place()
    seen: list[str] = []
    notebook.write = seen.append  # type: ignore[method-assign,assignment]
    patched = notebook.write
    run = start(root)
    print("x")
    assert logged_by(run) == ["x"]
    assert notebook.write is patched
    assert seen == ["x", "\n"]


def test_what_others_put_on_top_stays_and_is_passed_through(root: Path, place: Place) -> None:
    notebook = place()
    run = start(root)
    below, seen = notebook.write, []

    def on_top(text: str) -> int:
        seen.append(text)
        return below(text)

    notebook.write = on_top  # type: ignore[method-assign]
    print("x")
    assert logged_by(run) == ["x"]
    assert notebook.write is on_top
    print("y")
    assert seen == notebook.shown == ["x", "\n", "y", "\n"]


def test_a_stream_that_is_put_in_place_meanwhile_stays(root: Path, place: Place) -> None:
    notebook = place()

    class Doubled:
        def __init__(self, stream: Any) -> None:
            self.stream, self.file = stream, io.StringIO()

        def write(self, text: str) -> int:
            self.file.write(text)
            return int(self.stream.write(text))

    run = start(root)
    sys.stdout = doubled = Doubled(notebook)
    print("both")
    with contextlib.redirect_stdout(io.StringIO()) as other:
        print("only elsewhere")
    assert logged_by(run) == ["both"]
    assert sys.stdout is doubled
    assert doubled.file.getvalue() == "both\n"
    assert other.getvalue() == "only elsewhere\n"


def test_one_stream_for_both_outputs_is_heard_once(
    root: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = place()
    monkeypatch.setattr(sys, "stderr", notebook)
    run = start(root)
    print("out")
    print("err", file=sys.stderr)
    assert logged_by(run) == ["out", "err"]


def test_where_there_are_no_streams_runs_are_recorded_all_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        monkeypatch.setattr(sys, name, None)
    run = start(root)
    print("nowhere")
    run.log_text("text")
    assert logged_by(run) == ["text"]


def test_a_stream_that_can_not_be_heard_is_told_and_works(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Slotted:
        __slots__ = ("shown",)

        def __init__(self) -> None:
            self.shown: list[str] = []

        def write(self, text: str) -> None:
            self.shown.append(text)

    stream = Slotted()
    monkeypatch.setattr(sys, "stdout", stream)
    run = start(root)
    print("x")
    assert "Slotted" in caplog.text
    run.finish()
    assert stream.shown == ["x", "\n"]


def test_a_write_that_fails_fails_for_whoever_prints(root: Path, place: Place) -> None:
    notebook = place()

    def fail(text: str) -> int:
        raise ValueError("I/O operation on closed file")

    notebook.write = fail  # type: ignore[method-assign]
    run = start(root)
    with pytest.raises(ValueError, match="closed file"):
        print("x")
    assert logged_by(run) == []


def test_handlers_that_hold_a_stream_are_heard_whenever_they_were_made(
    root: Path, place: Place
) -> None:
    notebook = place()
    logger = logging.Logger("mine")  # noqa: LOG001 - of this test alone
    logger.addHandler(logging.StreamHandler(notebook))
    run = start(root)
    logger.warning("made before")
    logger.addHandler(logging.StreamHandler(sys.stdout))
    logger.warning("made meanwhile")
    assert logged_by(run) == ["made before", "made meanwhile", "made meanwhile"]
    logger.warning("after the end")
    assert notebook.shown.count("after the end\n") == 2


def test_the_capture_of_pytest_goes_on(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = start(root)
    print("printed")
    os.write(1, b"written\n")
    assert sorted(logged_by(run)) == ["printed", "written"]
    out, err = capfd.readouterr()
    assert sorted(out.splitlines()) == ["printed", "written"]
    assert "runicorn: run" in err


def test_strange_texts_are_logged(root: Path, place: Place) -> None:
    notebook = place()
    run = start(root)
    print("half a pair \ud83d, a null \0, a bell \a")
    notebook.write(b"bytes")  # type: ignore[arg-type]
    assert logged_by(run) == ["half a pair \\ud83d, a null , a bell "]


def test_trouble_with_the_disk_is_told_once_and_printing_goes_on(
    root: Path, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    notebook = place()
    run = start(root)
    os.close(run._recorder._logs._fd)
    handler = logging.StreamHandler(notebook)
    logging.getLogger("runicorn").addHandler(handler)
    try:
        for i in range(100):
            print("line", i)
            run.log_text(f"text {i}")
    finally:
        logging.getLogger("runicorn").removeHandler(handler)
    assert "".join(notebook.shown).count("can't be written") == 1
    run._recorder._logs._fd = os.open(run.run_dir / "logs.txt", os.O_WRONLY | os.O_APPEND)
    lines = logged_by(run)
    assert [line for line in lines if "written" not in line] == [
        f"{kind} {i}" for i in range(100) for kind in ("line", "text")
    ]

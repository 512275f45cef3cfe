from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.logging import RichHandler

import runicorn as rn


@pytest.fixture(autouse=True)
def recorded_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNICORN_CAPTURE_CONSOLE", "all")


@pytest.fixture
def bare_root_logger() -> Iterator[logging.Logger]:
    """The root logger as a script finds it, without the handlers of pytest."""
    logger = logging.getLogger()
    before, level = logger.handlers[:], logger.level
    logger.handlers.clear()
    logger.setLevel(logging.WARNING)
    yield logger
    logger.handlers[:] = before
    logger.setLevel(level)


def logged_by(run: Any) -> list[str]:
    run.finish()
    text = (run.run_dir / "logs.txt").read_text(encoding="utf-8")
    return [line[11:] for line in text.splitlines()]


def test_records_that_go_elsewhere_are_written(
    root: Path, bare_root_logger: logging.Logger
) -> None:
    bare_root_logger.addHandler(logging.StreamHandler(io.StringIO()))
    run = rn.init(storage=root, system_metrics=False)
    with rn.capture_logging() as records:
        logging.getLogger("a.b").warning("one %d", 1)
        logging.getLogger("a.b").debug("below every level")
        records.setFormatter(logging.Formatter("%(message)s"))
        logging.getLogger().error("two")
    logging.getLogger().error("detached")
    assert logged_by(run) == ["WARNING a.b: one 1", "two"]


def test_records_that_the_console_shows_are_not_written_twice(
    root: Path, bare_root_logger: logging.Logger
) -> None:
    run = rn.init(storage=root, system_metrics=False)
    mine = logging.getLogger("shown")
    mine.addHandler(logging.StreamHandler(sys.stderr))
    rich = logging.getLogger("rich")
    rich.addHandler(RichHandler(console=Console(file=sys.stderr, width=80), show_time=False))
    try:
        with rn.capture_logging():
            mine.warning("by a stream handler")
            rich.warning("by rich")
            mine.handlers[0].setLevel(logging.CRITICAL)
            mine.warning("below the handler's level")
    finally:
        mine.handlers.clear()
        rich.handlers.clear()
    lines = logged_by(run)
    assert lines.count("by a stream handler") == 1
    assert sum("by rich" in line for line in lines) == 1
    assert "WARNING shown: below the handler's level" in lines
    assert len(lines) == 3


def test_warnings_that_nobody_handles_are_shown_as_ever(
    root: Path, bare_root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    bare_root_logger.handlers.clear()  # pytest adds its own for each phase of a test
    bare_root_logger.setLevel(logging.INFO)
    run = rn.init(storage=root, system_metrics=False)
    with rn.capture_logging():
        logging.getLogger("x").info("for the log alone")
        logging.getLogger("x").warning("for both")
    assert logged_by(run) == ["INFO x: for the log alone", "for both"]
    err = capsys.readouterr().err
    assert "for both\n" in err
    assert "for the log alone" not in err


def test_called_again_it_changes_the_level_and_writes_nothing_twice(
    root: Path, bare_root_logger: logging.Logger
) -> None:
    bare_root_logger.addHandler(logging.NullHandler())
    run = rn.init(storage=root, system_metrics=False)
    first = rn.capture_logging("ERROR")
    logging.getLogger().warning("too low")
    assert rn.capture_logging("WARNING") is first
    logging.getLogger().warning("high enough")
    first.detach()
    assert logged_by(run) == ["WARNING root: high enough"]


def test_without_a_run_and_with_a_record_that_can_not_be_formatted_nothing_breaks(
    root: Path, bare_root_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare_root_logger.addHandler(logging.NullHandler())
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with rn.capture_logging():
        logging.getLogger().warning("no run yet")
        run = rn.init(storage=root, system_metrics=False)
        logging.getLogger().warning("%d", "no number")
        logging.getLogger().warning("good")
        assert logged_by(run) == ["WARNING root: good"]
        logging.getLogger().warning("no run any more")


def test_a_filter_and_a_traceback_are_those_of_any_handler(
    root: Path, bare_root_logger: logging.Logger
) -> None:
    bare_root_logger.addHandler(logging.NullHandler())
    run = rn.init(storage=root, system_metrics=False)
    with rn.capture_logging() as records:
        records.addFilter(lambda record: "secret" not in record.getMessage())
        logging.getLogger().warning("a secret")
        try:
            int("none")
        except ValueError:
            logging.getLogger().exception("it failed")
    lines = logged_by(run)
    assert lines[0] == "ERROR root: it failed"
    assert lines[-1].startswith("ValueError: invalid literal")

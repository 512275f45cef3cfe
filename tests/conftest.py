"""Shared by all tests: a root of one's own, no settings of the machine, promises, no skip in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import runicorn

# The same examples on every machine; a failure that was seen once is seen again.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith("RUNICORN_") and name != "RUNICORN_WHEELS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-cache"))
    # Most tests start runs; what is recorded of the machine is the matter of a few of them.
    monkeypatch.setenv("RUNICORN_CAPTURE_CONSOLE", "off")
    monkeypatch.setenv("RUNICORN_CAPTURE_ENV", "0")
    monkeypatch.setenv("RUNICORN_SYSTEM_METRICS", "0")
    yield
    runicorn.finish()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty root."""
    return tmp_path / "root"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("CI"):
        terminalreporter.write_line(f"{len(skipped)} skipped: in CI every test must run", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.errors import PluginError
from runicorn.plugins import hookspecs
from runicorn.plugins.manager import BUILT_IN

REPOSITORY = Path(__file__).parents[2]
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith(hookspecs.PREFIX))


class Watcher:
    """Notes what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    @rn.hookimpl
    def runicorn_run_started(self, run: Any) -> None:
        self.seen.append(
            ("started", json.loads((run.run_dir / "status.json").read_text())["status"])
        )

    @rn.hookimpl
    def runicorn_run_finished(self, run: Any, status: str) -> None:
        assert json.loads((run.run_dir / "status.json").read_text())["status"] == status
        self.seen.append(("finished", status))


class Celsius:
    """A value of a library that Runicorn does not know."""

    degrees = 21


class Thermometer:
    @rn.hookimpl
    def runicorn_convert_value(self, value: object) -> float | None:
        return value.degrees if isinstance(value, Celsius) else None


class Broken:
    @rn.hookimpl
    def runicorn_run_started(self) -> None:
        raise RuntimeError("started badly")

    @rn.hookimpl
    def runicorn_run_finished(self) -> None:
        raise SystemExit(3)


def test_runicorn_run_started_and_runicorn_run_finished_are_called_once_with_the_files_in_place(
    root: Path,
) -> None:
    watcher = Watcher()
    with rn.init(storage=root, plugins=[watcher]):
        assert watcher.seen == [("started", "running")]
    assert watcher.seen == [("started", "running"), ("finished", "finished")]


def test_runicorn_convert_value_makes_a_foreign_value_a_number(root: Path) -> None:
    run = rn.init(storage=root, config={"t": Celsius()}, plugins=[Thermometer()])
    rn.log({"t": Celsius()})
    assert json.loads((run.run_dir / "config.json").read_text()) == {"t": 21}
    assert b'"t":21' in (run.run_dir / "events.jsonl").read_bytes()


@pytest.mark.promise(5)
def test_an_observer_that_raises_or_exits_is_told_once_and_the_others_are_called(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher()
    with rn.init(storage=root, plugins=[Broken(), watcher]):
        rn.log(a=1)
    assert [what for what, _ in watcher.seen] == ["started", "finished"]
    assert caplog.text.count("started badly") == 1


def test_a_converter_that_raises_is_an_error_that_names_it(root: Path) -> None:
    class BadConverter:
        @rn.hookimpl
        def runicorn_convert_value(self, key: str) -> float:
            raise ZeroDivisionError(key)

    rn.init(storage=root, plugins=[BadConverter()])
    rn.log(a=1.0)
    with pytest.raises(PluginError, match="runicorn_convert_value"):
        rn.log(a=object())


def test_plugins_can_be_left_out_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    def names() -> set[str]:
        with rn.init(storage=root) as run:
            return {name for name, _ in run._plugins._manager.list_name_plugin()}

    assert names() >= set(BUILT_IN)
    monkeypatch.setenv("RUNICORN_PLUGINS", "none")
    assert names() == {"arrays"}


def test_there_are_hooks_at_all() -> None:
    assert len(HOOKS) >= 3


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_page_a_plugin_and_a_test(hook: str) -> None:
    page = (REPOSITORY / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
    assert f"## `{hook}`" in page
    plugins = (REPOSITORY / "runicorn" / "plugins").glob("*.py")
    users = [
        p.name for p in plugins if p.name != "hookspecs.py" and f"def {hook}(" in p.read_text()
    ]
    assert users
    tests = Path(__file__).read_text(encoding="utf-8")
    assert re.search(rf"def test_\w*{hook}", tests)
    assert getattr(hookspecs, hook).__doc__

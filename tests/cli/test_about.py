from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.plugins import manager
from runicorn.plugins.manager import BUILT_IN
from runicorn.settings import SETTINGS, config_file
from tests.cli.conftest import Command


def test_the_version_is_told(runicorn: Command) -> None:
    assert runicorn("version").out.startswith(f"runicorn {rn.__version__} (Python 3.")
    assert runicorn("--version").out == f"{rn.__version__}\n"
    assert runicorn("version", "--json").json["runicorn"] == rn.__version__


def test_every_setting_is_told_with_who_said_so(
    runicorn: Command, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text('project = "mine"\n', encoding="utf-8")
    monkeypatch.setenv("RUNICORN_TAGS", "a,b")
    rows = {row["setting"]: row for row in runicorn("config").rows}
    assert set(rows) == set(SETTINGS)
    assert (rows["root"]["value"], rows["root"]["said by"]) == (str(root), "RUNICORN_DIR")
    assert (rows["project"]["value"], rows["project"]["said by"]) == ("mine", str(config_file()))
    assert rows["tags"]["value"] == "a, b"
    assert rows["mode"]["said by"] == "default"
    told = runicorn("config", "--root", root / "x", "--json").json
    assert told["root"] == str(root / "x")
    assert told["settings"]["root"]["source"] == "argument"
    assert told["settings"]["tags"]["value"] == ["a", "b"]


def test_a_bad_setting_is_named(runicorn: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNICORN_MODE", "offline")
    answer = runicorn("config")
    assert answer.code == 2
    assert "RUNICORN_MODE" in answer.err


class Unknown:
    @rn.hookimpl
    def runicorn_no_such_hook(self) -> None: ...


class Misspelt:
    @rn.hookimpl
    def runicorn_run_started(self, rum: object) -> None: ...


class Good:
    @rn.hookimpl
    def runicorn_run_started(self) -> None: ...


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution with four plugins is installed, three of them in trouble."""
    folder = tmp_path / "site" / "some_plugins-1.2.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plugins\nVersion: 1.2\n")
    names = ("Good", "Unknown", "Misspelt", "NotThere")
    points = "\n".join(f"{name} = tests.cli.test_about:{name}" for name in names)
    (folder / "entry_points.txt").write_text(f"[runicorn]\n{points}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    manager._from_entry_points.cache_clear()
    yield
    manager._from_entry_points.cache_clear()


def test_plugins_are_told_with_their_hooks_and_what_failed(
    runicorn: Command, installed: None
) -> None:
    rows = {row["plugin"]: row for row in runicorn("plugins").rows}
    assert set(rows) == {*BUILT_IN, "Good", "Unknown", "Misspelt", "NotThere"}
    assert rows["arrays"]["hooks"] == "runicorn_convert_value"
    assert rows["arrays"]["from"] == "built in"
    assert rows["Good"] == {
        "plugin": "Good", "version": "1.2", "from": "some-plugins", "status": "loaded",
        "hooks": "runicorn_run_started", "problem": "",
    }  # fmt: skip
    assert "runicorn_no_such_hook" in rows["Unknown"]["problem"]
    assert (rows["Misspelt"]["status"], rows["NotThere"]["status"]) == ("failed", "failed")
    assert "rum" in rows["Misspelt"]["problem"]


def test_plugins_that_are_left_out_are_told_as_well(
    runicorn: Command, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNICORN_PLUGINS", "live_index")
    told = {each["name"]: each["status"] for each in runicorn("plugins", "--json").json["plugins"]}
    assert (told["Good"], told["live_index"], told["arrays"]) == ("left out", "loaded", "loaded")


def test_a_plugin_with_a_misspelt_hook_is_left_out_of_a_run(
    root: Path, installed: None, caplog: pytest.LogCaptureFixture
) -> None:
    with rn.init(storage=root):
        rn.log(a=1)
    assert "Misspelt can't be used" in caplog.text

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.cli import run as command
from runicorn.errors import PluginError, UsageError
from runicorn.pieces import Media, Piece
from runicorn.plugins import hookspecs, manager
from runicorn.plugins.manager import ALWAYS, BUILT_IN
from tests.core.exchange import BrokenExchange, Exchange

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


def test_runicorn_before_text_is_called_before_a_text_is_added(root: Path) -> None:
    class Writer:
        @rn.hookimpl
        def runicorn_before_text(self, run: Any, text: str) -> None:
            run.write_log(f"before {text}\n")

    with rn.init(storage=root, plugins=[Writer()]) as run:
        rn.log_text("text")
    lines = (run.run_dir / "logs.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "before text"
    assert lines[1].endswith(" | text")


class Listener:
    """Notes events and alerts, and says when the last one it waits for has come."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.alerts: list[Any] = []
        self.has_alert = threading.Event()

    @rn.hookimpl
    def runicorn_logged(self, event: Any) -> None:
        self.events.append((event["type"], event["data"]))

    @rn.hookimpl
    def runicorn_alert(self, alert: Any) -> None:
        self.alerts.append(dict(alert))
        self.has_alert.set()


def test_runicorn_logged_tells_every_event_in_order(root: Path) -> None:
    listener = Listener()
    with rn.init(storage=root, plugins=[listener]) as run:
        for step in range(100):
            rn.log({"a": step}, step=step)
        run.record("custom", {"b": 1})
    told = [data["a"] for kind, data in listener.events if kind == "metrics"]
    assert told == list(range(100))
    assert listener.events[-1] == ("custom", {"b": 1})


def test_runicorn_alert_tells_listeners_and_logging(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()
    with rn.init(storage=root, plugins=[listener, "nonfinite"]):
        rn.log({"loss": float("nan")}, step=3)
        rn.log({"loss": float("nan")}, step=4)
        assert listener.has_alert.wait(20)
    told = {"title": "loss is NaN", "text": "since step 3", "level": "warning"}
    assert listener.alerts == [told]
    assert "loss is NaN: since step 3" in caplog.text


@pytest.mark.promise(5)
def test_a_plugin_that_hangs_holds_up_neither_init_nor_log_nor_finish(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(manager, "HOOK_S", 0.3)
    monkeypatch.setattr(manager, "MIN_HOOK_S", 0.3)
    for_ever, watcher = threading.Event(), Watcher()

    class Hanging:
        @rn.hookimpl(tryfirst=True)
        def runicorn_run_started(self) -> None:
            for_ever.wait(60)

        @rn.hookimpl(tryfirst=True)
        def runicorn_logged(self) -> None:
            for_ever.wait(60)

    began = time.monotonic()
    try:
        run = rn.init(storage=root, plugins=[watcher, Hanging()])
        for step in range(100):
            rn.log({"a": step})
        run.finish()
    finally:
        for_ever.set()
    assert time.monotonic() - began < 20
    assert ("finished", "finished") in watcher.seen
    assert (run.run_dir / "events.jsonl").read_bytes().count(b'"metrics"') == 100
    assert "no end after" in caplog.text


def test_an_unknown_built_in_plugin_is_refused_before_anything_is_made(root: Path) -> None:
    with pytest.raises(UsageError, match="nosuch"):
        rn.init(storage=root, plugins=["nosuch"])
    assert not root.exists()


def test_runicorn_convert_value_makes_a_foreign_value_a_number(root: Path) -> None:
    run = rn.init(storage=root, config={"t": Celsius()}, plugins=[Thermometer()])
    rn.log({"t": Celsius()})
    assert json.loads((run.run_dir / "config.json").read_text()) == {"t": 21}
    assert b'"t":21' in (run.run_dir / "events.jsonl").read_bytes()


def test_runicorn_environment_is_asked_of_every_plugin_and_its_answers_are_one_document(
    monkeypatch: pytest.MonkeyPatch, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Cluster:
        @rn.hookimpl
        def runicorn_environment(self, run: Any) -> dict[str, object]:
            return {"cluster": {"id": run.id}, "launchers": ["ours"], "code_diff": "a diff\n"}

    class Silent:
        @rn.hookimpl
        def runicorn_environment(self) -> None:
            return None

    class Failing:
        @rn.hookimpl
        def runicorn_environment(self) -> dict[str, object]:
            raise SystemExit(3)

    class Wrong:
        @rn.hookimpl
        def runicorn_environment(self) -> Any:
            return ["no dictionary"]

    monkeypatch.setenv("RUNICORN_CAPTURE_ENV", "1")
    with rn.init(storage=root, plugins=[Failing(), Wrong(), Silent(), Cluster()]) as run:
        assert run._collectors._capture is not None
        run._collectors._capture.join(60)
    document = json.loads((run.run_dir / "environment.json").read_text(encoding="utf-8"))
    assert document["cluster"] == {"id": run.id}
    assert "ours" in document["launchers"]
    assert document["python_version"]
    assert "code_diff" not in document
    assert (run.run_dir / "code.diff").read_text(encoding="utf-8") == "a diff\n"
    warnings = [record.message for record in caplog.records]
    assert len(warnings) == 2
    assert all("runicorn_environment" in message for message in warnings)


def test_runicorn_system_sample_is_asked_again_and_again_and_makes_one_event_each(
    monkeypatch: pytest.MonkeyPatch, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    third = threading.Event()

    class Probe:
        count = 0

        @rn.hookimpl
        def runicorn_system_sample(self) -> dict[str, float]:
            self.count += 1
            if self.count == 3:
                third.set()
            return {"probe/count": self.count, "probe/unknown": float("nan")}

    class Failing:
        @rn.hookimpl
        def runicorn_system_sample(self, run: Any) -> dict[str, float]:
            raise OSError(run.id)

    class Wrong:
        @rn.hookimpl
        def runicorn_system_sample(self) -> Any:
            return {"probe/wrong": "text"}

    monkeypatch.setenv("RUNICORN_SYSTEM_METRICS", "1")
    monkeypatch.setenv("RUNICORN_SYSTEM_INTERVAL_S", "0.01")
    run = rn.init(storage=root, plugins=[Failing(), Wrong(), Probe()])
    assert third.wait(60)
    rn.finish()
    lines = [json.loads(line) for line in (run.run_dir / "events.jsonl").read_text().splitlines()]
    samples = [line["data"] for line in lines if line["type"] == "system"]
    assert [sample["probe/count"] for sample in samples[:2]] == [1, 2]
    assert not {"probe/unknown", "probe/wrong"} & set(samples[0])
    assert samples[0]["process/rss_bytes"] > 0
    assert len(caplog.records) == 2


def test_runicorn_media_types_takes_objects_of_another_library_as_they_are(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Sketch(Media):
        def __init__(self, lines: object) -> None:
            self.lines = lines

        @classmethod
        def wraps(cls, value: object) -> bool:
            return isinstance(value, complex)

        def pieces(self, key: str) -> list[Piece]:
            return [Piece("sketch", {"lines": str(self.lines), "of": key})]

    class Sketches:
        @rn.hookimpl
        def runicorn_media_types(self) -> list[type[Media]]:
            return [Sketch]

    class NoTypes:
        @rn.hookimpl
        def runicorn_media_types(self) -> list[Any]:
            return [object]

    class BrokenTypes:
        @rn.hookimpl
        def runicorn_media_types(self) -> list[type[Media]]:
            raise ZeroDivisionError

    run = rn.init(storage=root, plugins=[Sketches(), NoTypes(), BrokenTypes()])
    rn.log({"a": 1j, "b": 2.0, "c": [1j, 2j]})
    rn.log({"a": 3j})
    assert (run.run_dir / "events.jsonl").read_bytes().count(b'"type":"sketch"') == 4
    assert caplog.text.count("runicorn_media_types") == 2


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
    assert names() == set(ALWAYS)


def test_installed_plugins_are_found_by_the_files_that_installers_write(tmp_path: Path) -> None:
    assert not manager._may_have_entry_points([str(tmp_path), str(tmp_path / "missing")])
    folder = tmp_path / "extra-1.0.dist-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_text("[runicorn]\nextra = extra:plugin\n")
    assert manager._may_have_entry_points([str(tmp_path)])
    (tmp_path / "archive.zip").write_bytes(b"PK")
    assert manager._may_have_entry_points([str(tmp_path / "archive.zip")])


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


@pytest.fixture
def with_exchange(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Two plugins are installed, one of them broken."""
    found = [
        manager.Found("exchange", Exchange()),
        manager.Found("broken", BrokenExchange()),
    ]
    monkeypatch.setattr(manager, "_from_entry_points", lambda: found)
    monkeypatch.setenv("RUNICORN_DIR", str(root))


def test_runicorn_exporters_give_formats_and_replace_those_that_are_built_in(
    with_exchange: None, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rn.init(storage=root) as one:
        one.log({"x": 1.0})
    file = root.parent / "runs.md"
    assert command(["export", one.id, "-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == f"- {one.id}\n"
    capsys.readouterr()
    assert command(["export", one.id, "-o", str(root.parent / "x"), "-f", "none"]) == 2
    assert "csv, jsonl" in capsys.readouterr().err
    assert command(["export", one.id, "-o", str(root.parent / "x.jsonl")]) == 0
    assert (root.parent / "x.jsonl").read_bytes().startswith(b"- ")


def test_runicorn_importers_give_formats(
    with_exchange: None, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = root.parent / "some.ids"
    file.write_text("a\nb\n", encoding="utf-8")
    assert command(["import", str(file)]) == 0
    assert capsys.readouterr().out == "a is in default/some\nb is in default/some\n"


def test_runicorn_cli_commands_are_called_like_any_other(
    with_exchange: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["greet", "you"]) == 0
    said = capsys.readouterr()
    assert said.out == "hello you\n"
    assert "impossible of a plugin is left out" in said.err
    assert command(["greet", "nobody"]) == 1
    assert "runicorn: nobody is there\n" in capsys.readouterr().err
    assert command(["greet"]) == 2

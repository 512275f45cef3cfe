"""Contracts for plugin authors: classes of tests to inherit, which say what Runicorn relies on.

    from runicorn.testing import ConverterContract

    class TestQuantities(ConverterContract):
        plugin = my_plugin
        examples = [(Quantity(3, "m"), 3)]

Needs pytest. The classes record real runs into ``tmp_path`` and read them back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pluggy
import pytest

import runicorn as rn
from runicorn.plugins import hookspecs

STEPS = 20


def read_events(run_dir: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """Read the events of a run's journal.

    Args:
        run_dir: The run's folder.
        kind: Only those of this type.

    Returns:
        ``ts``, ``type`` and ``data`` of each, in the order they were recorded.
    """
    text = (run_dir / "events.jsonl").read_text(encoding="utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    return [event for event in events if kind in (None, event["type"])]


class PluginContract:
    """What every plugin must keep; set `plugin` to a module or an object.

    Attributes:
        plugin: What is tested.
    """

    plugin: Any

    def test_it_implements_hooks_and_only_known_ones_with_known_arguments(self) -> None:
        """A misspelt hook or argument would never be called, without a word."""
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        name = manager.register(self.plugin)
        manager.check_pending()
        assert name is not None
        callers = manager.get_hookcallers(self.plugin)
        assert callers, "no function of it carries runicorn.hookimpl"

    def test_a_run_with_it_is_recorded_whole(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nothing is missing, nothing is warned about, and the run ends well."""
        run = self._record(tmp_path)
        logged = [event["data"]["a"] for event in read_events(run.run_dir, "metrics")]
        assert logged == [step / 8 for step in range(STEPS)]
        assert read_events(run.run_dir)[-1]["type"] == "finish"
        status = json.loads((run.run_dir / "status.json").read_text(encoding="utf-8"))
        assert status["status"] == "finished"
        assert "failed in" not in caplog.text, "the plugin was warned about"

    def test_it_serves_one_run_after_the_other_and_two_at_once(self, tmp_path: Path) -> None:
        """What it keeps of one run must not leak into another."""
        for _ in range(2):
            self._record(tmp_path)
        runs = [
            rn.init(storage=tmp_path, plugins=[self.plugin], reinit="create_new") for _ in range(2)
        ]
        for number, run in enumerate(runs):
            run.log({"a": number})
        for run in runs:
            run.finish()
        for number, run in enumerate(runs):
            logged = [event["data"]["a"] for event in read_events(run.run_dir, "metrics")]
            assert logged == [number]

    def _record(self, root: Path) -> rn.Run:
        with rn.init(storage=root, plugins=[self.plugin], config={"lr": 0.1}) as run:
            for step in range(STEPS):
                run.log({"a": step / 8}, step=step)
            run.alert("a title", "a text", "warning")
            run.log_text("a line")
        return run


class ConverterContract(PluginContract):
    """What a plugin must keep that implements ``runicorn_convert_value``.

    Attributes:
        examples: (value, the number that it is) of values that it converts.
        foreign: Values that are not its own, and that it must leave to others.
    """

    examples: Sequence[tuple[object, float | int]]
    foreign: Sequence[object] = (object(), "text", b"bytes", [1, 2], {"a": 1}, None)

    def test_it_converts_its_own_values_to_plain_numbers(self, tmp_path: Path) -> None:
        """In `log` and in the config, as numbers that JSON knows."""
        values = {f"v{number}": value for number, (value, _) in enumerate(self.examples)}
        expected = {f"v{number}": plain for number, (_, plain) in enumerate(self.examples)}
        with rn.init(storage=tmp_path, plugins=[self.plugin], config=values) as run:
            run.log(values, step=1)
        (event,) = read_events(run.run_dir, "metrics")
        logged = {key: event["data"][key] for key in expected}
        assert logged == pytest.approx(expected, nan_ok=True)
        config = json.loads((run.run_dir / "config.json").read_text(encoding="utf-8"))
        assert config == pytest.approx(expected, nan_ok=True)

    def test_it_leaves_other_values_to_others(self) -> None:
        """It answers ``None`` and raises nothing for what it does not know."""
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        manager.register(self.plugin)
        for value in self.foreign:
            answer = manager.hook.runicorn_convert_value(key="key", value=value)
            assert answer is None, f"it converts {value!r}, which is none of its own"

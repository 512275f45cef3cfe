"""The contracts hold for the built-in plugins, and fail for plugins that break them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import runicorn as rn
from runicorn.plugins import alerts, arrays, live_index, nonfinite
from runicorn.testing import ConverterContract, PluginContract


class TestAlerts(PluginContract):
    plugin = alerts


class TestLiveIndex(PluginContract):
    plugin = live_index


class TestNonfinite(PluginContract):
    plugin = nonfinite


class TestArrays(ConverterContract):
    plugin = arrays
    examples = ((np.float32(0.5), 0.5), (np.array([[3]]), 3), (np.bool_(True), 1))


class Misspelt:
    @rn.hookimpl
    def runicorn_run_start(self, run: object) -> None:
        """There is no such hook."""


class Greedy:
    @rn.hookimpl
    def runicorn_convert_value(self, value: object) -> float:  # noqa: ARG002
        return 1.0


class Raising:
    @rn.hookimpl
    def runicorn_run_started(self) -> None:
        raise RuntimeError("not today")


def test_a_misspelt_hook_breaks_the_contract() -> None:
    class Case(PluginContract):
        plugin = Misspelt()

    with pytest.raises(Exception, match="runicorn_run_start"):
        Case().test_it_implements_hooks_and_only_known_ones_with_known_arguments()


def test_a_converter_that_takes_everything_breaks_the_contract() -> None:
    class Case(ConverterContract):
        plugin = Greedy()
        examples = ((Decimal(1), 1),)

    with pytest.raises(AssertionError, match="none of its own"):
        Case().test_it_leaves_other_values_to_others()


def test_a_plugin_that_raises_breaks_the_contract(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Case(PluginContract):
        plugin = Raising()

    with pytest.raises(AssertionError, match="warned about"):
        Case().test_a_run_with_it_is_recorded_whole(tmp_path, caplog)

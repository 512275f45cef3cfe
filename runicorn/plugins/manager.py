"""Loads plugins and calls their hooks so that a plugin in trouble can't harm a run."""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import pluggy

from runicorn.errors import PluginError
from runicorn.plugins import hookspecs

# Asked from the last to the first.
BUILT_IN = ("arrays", "live_index", "hardware", "environment")
NO_PLUGINS = "none"

_log = logging.getLogger("runicorn")


class Plugins:
    """The plugins of one run.

    Observers that fail are warned about once per plugin and hook; the run goes on. A collector that
    fails is left out and warned about. A converter that fails is an error to the caller, because it
    can't go on without the value.
    """

    def __init__(self, given: Sequence[object] = (), chosen: Sequence[str] = ()) -> None:
        """Register the built-in plugins, the installed ones and the given ones.

        Args:
            given: Further plugin objects, asked before all others.
            chosen: Names of the only ones to load besides; all when empty, none for ``none``.
        """
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._warned: set[tuple[str, str]] = set()
        for name, plugin in _installed(list(chosen)):
            self._manager.register(plugin, name)
        for plugin in given:
            self._manager.register(plugin)

    def notify(self, hook: str, **arguments: object) -> None:
        """Call an observer hook of every plugin, each on its own."""
        for impl in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            chosen = [arguments[name] for name in impl.argnames]
            try:
                impl.function(*chosen)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - promise 5: no plugin stops a run
                self.warn_once(impl.plugin_name, hook, error)

    def collect(self, hook: str, **arguments: object) -> list[Any]:
        """Ask a collector hook of every plugin; those that fail or say ``None`` are left out."""
        return [answer for _plugin, answer in self.each(hook, **arguments)]

    def each(self, hook: str, **arguments: object) -> Iterator[tuple[str, Any]]:
        """Ask a collector hook of one plugin after the other, as far as the caller goes on.

        Yields:
            (name of the plugin, its answer).
        """
        for impl in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            try:
                answer = impl.function(*[arguments[name] for name in impl.argnames])
            except (Exception, SystemExit) as error:  # noqa: BLE001 - promise 5
                self.warn_once(impl.plugin_name, hook, error)
                continue
            if answer is not None:
                yield impl.plugin_name, answer

    def convert(self, key: str, value: object) -> object:
        """Ask the converters for a Python number.

        Returns:
            The first answer, or ``None`` when no plugin knows such values.

        Raises:
            PluginError: A converter failed; the message names it.
        """
        hook = "runicorn_convert_value"
        for impl in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            arguments = {"key": key, "value": value}
            try:
                number = impl.function(*[arguments[name] for name in impl.argnames])
            except Exception as error:
                raise PluginError(impl.plugin_name, hook, f"{key!r}: {error!r}") from error
            if number is not None:
                return number
        return None

    def warn_once(self, plugin: str, hook: str, error: BaseException) -> None:
        """Tell that a plugin failed in a hook, the first time it does."""
        if (plugin, hook) not in self._warned:
            self._warned.add((plugin, hook))
            _log.warning("plugin %s failed in %s: %r; the run goes on", plugin, hook, error)


def _installed(names: list[str]) -> list[tuple[str, object]]:
    """List the built-in and installed plugins that the setting ``plugins`` leaves in."""
    if names == [NO_PLUGINS]:
        # Values of arrays are part of what `log` takes, not an extra.
        return [("arrays", _built_in("arrays"))]
    found = [(name, _built_in(name)) for name in BUILT_IN] + _from_entry_points()
    return [(name, plugin) for name, plugin in found if not names or name in {*names, "arrays"}]


def _built_in(name: str) -> ModuleType:
    # By name, so that recording has no import of what a plugin needs.
    return importlib.import_module(f"runicorn.plugins.{name}")


@functools.cache
def _from_entry_points() -> list[tuple[str, object]]:
    import importlib.metadata

    loaded: list[tuple[str, object]] = []
    for point in importlib.metadata.entry_points(group=hookspecs.PROJECT):
        try:
            loaded.append((point.name, point.load()))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - promise 5
            _log.warning("plugin %s can't be loaded: %r; it is left out", point.name, error)
    return loaded

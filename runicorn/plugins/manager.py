"""Loads plugins and calls their hooks so that a plugin in trouble can't harm a run."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from runicorn.errors import PluginError, UsageError
from runicorn.plugins import hookspecs
from runicorn.worker import Worker

# Asked from the last to the first.
BUILT_IN = (
    "console", "arrays", "media", "alerts", "live_index", "nvidia", "git", "hardware",
    "environment", "exporters", "demo",
)  # fmt: skip
NO_PLUGINS = "none"
# Never left out: what `log` takes, and what ``runicorn export`` writes, are no extras.
ALWAYS = ("arrays", "media", "exporters")
# How long a run waits for all plugins at one hook, and for each of them at least [s].
HOOK_S = 5.0
MIN_HOOK_S = 0.5
# How long the end of a run waits for what listeners have not been told yet [s].
DRAIN_S = 1.0

_log = logging.getLogger("runicorn")


class Plugins:
    """The plugins of one run.

    Observers are called in threads of their own. One that fails or hangs is warned about once per
    hook, and the run goes on. A collector that fails is left out and warned about. A converter that
    fails is an error to the caller, who can't go on without the value.
    """

    def __init__(self, given: Sequence[object] = (), chosen: Sequence[str] = ()) -> None:
        """Register the built-in plugins, the installed ones and the given ones.

        Args:
            given: Further plugins, asked before all others: objects, or names of built-in ones.
            chosen: Names of the only ones to load besides; all when empty, none for ``none``.

        Raises:
            UsageError: There is no built-in plugin of a name.
        """
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._warned: set[tuple[str, str]] = set()
        for found in installed(list(chosen)):
            if found.plugin is not None:
                self._register_found(found)
        for plugin in given:
            self._register(plugin)
        self._worker = Worker("runicorn-plugins")
        # A thread of its own, so that a slow listener holds up no start and no end.
        self._teller: Worker | None = None

    def _register_found(self, found: Found) -> None:
        try:
            self._manager.register(found.plugin, found.name)
        except Exception as error:  # noqa: BLE001 - promise 5: a hook with arguments it can't have
            _log.warning("plugin %s can't be used: %s; it is left out", found.name, error)

    def _register(self, plugin: object) -> None:
        if self._manager.is_registered(plugin):
            return  # a built-in one, handed in as an object
        if not isinstance(plugin, str):
            self._manager.register(plugin)
        elif not self._manager.has_plugin(plugin):
            try:
                self._manager.register(_built_in(plugin), plugin)
            except ModuleNotFoundError:
                raise UsageError(f"there is no built-in plugin {plugin!r}") from None

    def notify(self, hook: str, timeout_s: float | None = None, **arguments: object) -> None:
        """Call an observer hook of every plugin and wait, 5 s at most if nothing is said `[s]`."""
        until = time.monotonic() + (HOOK_S if timeout_s is None else timeout_s)
        for impl in self._listeners(hook):
            left_s = max(MIN_HOOK_S, until - time.monotonic())
            if not self._worker.do(functools.partial(self._call, impl, hook, arguments), left_s):
                self.warn_once(impl.plugin_name, hook, f"no end after {left_s:.1f} s")

    def tell(self, hook: str, **arguments: object) -> None:
        """Have an observer hook of every plugin called soon, and wait for nothing."""
        for impl in self._listeners(hook):
            if self._teller is None:
                self._teller = Worker("runicorn-teller")
            if not self._teller.post(functools.partial(self._call, impl, hook, arguments)):
                self.warn_once(impl.plugin_name, hook, "it is too slow, so it misses some calls")

    def has_listeners(self, hook: str) -> bool:
        """Tell whether any plugin implements a hook."""
        return bool(self._listeners(hook))

    def drain(self) -> None:
        """Wait until all is called that was told, but not for long."""
        if self._teller is not None:
            self._teller.do(lambda: None, DRAIN_S)

    def close(self) -> None:
        """End the threads that the plugins are called in."""
        self._worker.stop()
        if self._teller is not None:
            self._teller.stop()

    def collect(self, hook: str, **arguments: object) -> list[Any]:
        """Ask a collector hook of every plugin; those that fail or say ``None`` are left out."""
        return [answer for _plugin, answer in self.each(hook, **arguments)]

    def each(self, hook: str, **arguments: object) -> Iterator[tuple[str, Any]]:
        """Ask a collector hook of one plugin after the other, as far as the caller goes on.

        Yields:
            (name of the plugin, its answer).
        """
        for impl in self._listeners(hook):
            try:
                answer = impl.function(*[arguments[name] for name in impl.argnames])
            except (Exception, SystemExit) as error:  # noqa: BLE001 - promise 5
                self.warn_once(impl.plugin_name, hook, repr(error))
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
        for impl in self._listeners(hook):
            arguments = {"key": key, "value": value}
            try:
                number = impl.function(*[arguments[name] for name in impl.argnames])
            except (Exception, SystemExit) as error:
                raise PluginError(impl.plugin_name, hook, f"{key!r}: {error!r}") from error
            if number is not None:
                return number
        return None

    def _listeners(self, hook: str) -> list[pluggy.HookImpl]:
        return list(reversed(getattr(self._manager.hook, hook).get_hookimpls()))

    def _call(self, impl: pluggy.HookImpl, hook: str, arguments: Mapping[str, object]) -> None:
        try:
            impl.function(*[arguments[name] for name in impl.argnames])
        except BaseException as error:  # noqa: BLE001 - promise 5: no plugin stops a run
            self.warn_once(impl.plugin_name, hook, repr(error))

    def warn_once(self, plugin: str, hook: str, trouble: str) -> None:
        """Tell that a plugin failed in a hook, the first time it does."""
        if (plugin, hook) not in self._warned:
            self._warned.add((plugin, hook))
            _log.warning("plugin %s failed in %s: %s; the run goes on", plugin, hook, trouble)


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that is built in or installed.

    Attributes:
        name: Its name, by which the setting ``plugins`` chooses it.
        plugin: The plugin; ``None`` where it can't be loaded.
        distribution: What it comes with; ``None`` where it is built in.
        version: Of the distribution.
        problem: Why it can't be loaded.
    """

    name: str
    plugin: object
    distribution: str | None = None
    version: str | None = None
    problem: str | None = None


def installed(names: list[str]) -> list[Found]:
    """List the built-in and installed plugins that the setting ``plugins`` leaves in."""
    if names == [NO_PLUGINS]:
        return [Found(name, _built_in(name)) for name in ALWAYS]
    found = [Found(name, _built_in(name)) for name in BUILT_IN] + _from_entry_points()
    return [each for each in found if not names or each.name in {*names, *ALWAYS}]


def _built_in(name: str) -> ModuleType:
    # By name, so that recording has no import of what a plugin needs.
    return importlib.import_module(f"runicorn.plugins.{name}")


@functools.cache
def _from_entry_points() -> list[Found]:
    if not _may_have_entry_points(sys.path):
        return []
    import importlib.metadata

    loaded: list[Found] = []
    for point in importlib.metadata.entry_points(group=hookspecs.PROJECT):
        plugin, problem = None, None
        try:
            plugin = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - promise 5
            _log.warning("plugin %s can't be loaded: %r; it is left out", point.name, error)
            problem = f"can't be loaded: {error!r}"
        origin = point.dist.name if point.dist else None
        version = point.dist.version if point.dist else None
        loaded.append(Found(point.name, plugin, origin, version, problem))
    return loaded


def _may_have_entry_points(paths: Sequence[str]) -> bool:
    """Look quickly whether any installed distribution may have plugins.

    `importlib.metadata` takes longer to import and to look than all the rest of `init`.

    Source: PyPA, "Recording installed projects" and "Entry points specification".
    """
    group = f"[{hookspecs.PROJECT}]".encode()
    for path in paths:
        try:
            names = os.listdir(path or ".")  # noqa: PTH208 - paths are texts here
        except FileNotFoundError:
            continue
        except OSError:
            return True  # such as a zip file: let the library look
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    text = Path(path, name, "entry_points.txt").read_bytes()
                except OSError:
                    continue
                if group in text:
                    return True
    return False

"""Foreign values: objects of other libraries that become media when they are logged as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runicorn.pieces import Media
from runicorn.plugins.manager import Plugins

_HOOK = "runicorn_media_types"


class Wrapper:
    """Makes media of the values that some plugin's media type takes as they are."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._types: list[tuple[str, Any]] | None = None

    def wrap(self, value: object) -> Media | None:
        """Return a value as media; ``None`` when no type takes it."""
        if self._types is None:
            self._types = list(self._collect())
        for plugin, kind in self._types:
            try:
                if kind.wraps(value):
                    made: Media = kind(value)
                    return made
            except Exception as error:  # noqa: BLE001 - a type in trouble must not hide the others
                self._plugins.warn_once(plugin, _HOOK, repr(error))
        return None

    def _collect(self) -> Iterator[tuple[str, Any]]:
        for plugin, types in self._plugins.each(_HOOK):
            for kind in types if isinstance(types, list | tuple) else ():
                yield plugin, kind


def class_names(value: object) -> Iterator[str]:
    """Iterate over the full names of a value's class and its bases; nothing is imported."""
    for kind in type(value).__mro__:
        yield f"{kind.__module__}.{kind.__qualname__}"

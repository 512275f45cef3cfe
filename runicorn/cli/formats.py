"""Formats of exports and imports: what the plugins give, chosen by name or by the file's ending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from runicorn.errors import UsageError
from runicorn.plugins.manager import Plugins
from runicorn.settings import value_of
from runicorn.transfer import Exporter, Importer


class _Format(Protocol):
    @property
    def suffixes(self) -> tuple[str, ...]: ...


def exporters() -> dict[str, Exporter]:
    """Return the exporters of all plugins by format."""
    return _collected("runicorn_exporters")


def importers() -> dict[str, Importer]:
    """Return the importers of all plugins by format."""
    return _collected("runicorn_importers")


def format_of(formats: Mapping[str, _Format], name: str | None, file: str) -> str:
    """Return the name of a format.

    Args:
        formats: Those that there are.
        name: The one that was asked for.
        file: The name of the file, whose ending tells when none was asked for.

    Raises:
        UsageError: There is no such format, or the ending tells of none.
    """
    known = ", ".join(formats)
    if name is not None:
        if name not in formats:
            raise UsageError(f"there is no format {name!r}; there are {known}")
        return name
    endings: dict[str, str] = {}
    for each, found in formats.items():
        endings = {**dict.fromkeys(found.suffixes, each), **endings}
    fitting = [suffix for suffix in endings if file.lower().endswith(suffix)]
    if not fitting:
        raise UsageError(f"the ending of {file!r} tells of no format; --format is one of {known}")
    return endings[max(fitting, key=len)]


def _collected(hook: str) -> dict[str, Any]:
    plugins = Plugins(chosen=value_of("plugins"))
    try:
        collected: dict[str, Any] = {}
        for answer in plugins.collect(hook):
            collected = {**answer, **collected}  # the plugin asked first wins
        return collected
    finally:
        plugins.close()

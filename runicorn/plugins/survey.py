"""A survey of all plugins: where each comes from, which hooks it has, and what is wrong with it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pluggy

from runicorn.plugins import hookspecs
from runicorn.plugins.manager import Found, installed

BUILT_IN_ORIGIN = "built in"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What is known of one plugin.

    Attributes:
        name: Its name, by which the setting ``plugins`` chooses it.
        version: Of the distribution it comes with.
        origin: ``built in``, or the distribution.
        hooks: The hooks it implements.
        problem: What is wrong with it, in plain words.
    """

    name: str
    version: str | None
    origin: str
    status: Literal["loaded", "left out", "failed"]
    hooks: tuple[str, ...] = ()
    problem: str | None = None


def survey(chosen: Sequence[str] = ()) -> list[Surveyed]:
    """Look at all plugins that are built in or installed, also those that are left out.

    Args:
        chosen: The setting ``plugins``, as for `runicorn.plugins.manager.Plugins`.
    """
    kept = {found.name for found in installed(list(chosen))}
    return [_surveyed(found, is_kept=found.name in kept) for found in installed([])]


def _surveyed(found: Found, *, is_kept: bool) -> Surveyed:
    origin = found.distribution or BUILT_IN_ORIGIN
    known = (found.name, found.version if found.distribution else _own_version(), origin)
    if found.plugin is None:
        return Surveyed(*known, "failed", problem=found.problem)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(found.plugin, found.name)
        callers = manager.get_hookcallers(found.plugin) or []
    except Exception as error:  # noqa: BLE001 - it is somebody else's
        return Surveyed(*known, "failed", problem=str(error))
    hooks = tuple(sorted(caller.name for caller in callers))
    unknown = [caller.name for caller in callers if not caller.has_spec()]
    problem = f"there is no hook {', '.join(sorted(unknown))}" if unknown else None
    return Surveyed(*known, "loaded" if is_kept else "left out", hooks, problem)


def _own_version() -> str | None:
    try:
        return importlib.metadata.version(hookspecs.PROJECT)
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        return None

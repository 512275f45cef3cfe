"""The commands ``config``, ``plugins`` and ``version``: what is set, loaded and installed."""

from __future__ import annotations

import importlib.metadata
import platform

from runicorn.cli import options
from runicorn.cli.output import complain, emit, is_terminal, tell
from runicorn.cli.tables import Column, table

_SETTINGS = (
    Column("setting", "id"),
    Column("value"),
    Column("said by"),
    Column("variable", "id", rank=2),
    Column("what it is", rank=1),
)
_PLUGINS = (
    Column("plugin", "id"),
    Column("version", "id", rank=4),
    Column("from", "id", rank=3),
    Column("status", "status"),
    Column("hooks", rank=2),
    Column("problem", rank=1),
)
SIBLINGS = ("runicorn-server", "runicorn-lightning", "runicorn-transformers", "runicorn-keras")


def config(root: options.Root = None, as_json: options.AsJson = False) -> None:
    """Show every setting: its value, who said so, and how to say otherwise.

    What is said in code wins over RUNICORN_* variables, they over runicorn.toml or
    pyproject.toml of the project, that over the user's own file, that over the default.
    """
    from runicorn.settings import SETTINGS, Settings, config_file

    settings = Settings()
    found = {
        name: settings.find(name, str(root) if root is not None and name == "root" else None)
        for name in SETTINGS
    }
    where = settings.find_root(root)
    if as_json:
        said = {
            name: {"value": each.value, "source": each.source, "variable": SETTINGS[name].variable}
            for name, each in found.items()
        }
        emit({"settings": said, "root": str(where), "user_file": str(config_file())})
        return
    rows = (
        (
            name,
            str(where) if name == "root" else each.value,
            each.source,
            SETTINGS[name].variable,
            SETTINGS[name].meaning,
        )
        for name, each in found.items()
    )
    table(_SETTINGS, rows)
    if is_terminal():
        tell(f"Your own file: {config_file()}")


def plugins(as_json: options.AsJson = False) -> None:
    """Show the plugins: what is loaded, which hooks it has, and what failed."""
    from runicorn.plugins.survey import survey
    from runicorn.settings import value_of

    found = survey(value_of("plugins"))
    if as_json:
        emit(
            {
                "plugins": [
                    {
                        "name": each.name,
                        "version": each.version,
                        "origin": each.origin,
                        "status": each.status,
                        "hooks": list(each.hooks),
                        "problem": each.problem,
                    }
                    for each in found
                ]
            }
        )
        return
    table(
        _PLUGINS,
        (
            (each.name, each.version, each.origin, each.status, list(each.hooks), each.problem)
            for each in found
        ),
    )


def version(as_json: options.AsJson = False) -> None:
    """Show the version, and those of the other distributions that are installed."""
    import runicorn

    others = {name: found for name in SIBLINGS if (found := _version(name)) is not None}
    if as_json:
        emit({"runicorn": runicorn.__version__, "python": platform.python_version(), **others})
        return
    tell(f"runicorn {runicorn.__version__} (Python {platform.python_version()})")
    for name, found in others.items():
        tell(f"{name} {found}")
        if found != runicorn.__version__:
            complain(f"{name} {found} does not belong to runicorn {runicorn.__version__}")


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None

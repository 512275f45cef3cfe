"""Settings: where the root and the index lie.

A value given in code wins over ``RUNICORN_DIR``, which wins over the user's own configuration file,
which wins over ``./.runicorn``.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from runicorn.errors import UsageError

ROOT_VARIABLE = "RUNICORN_DIR"
INDEX_VARIABLE = "RUNICORN_INDEX_URL"
PLUGINS_VARIABLE = "RUNICORN_PLUGINS"


def find_root(given: str | os.PathLike[str] | None = None) -> Path:
    """Return the absolute path of the root; it need not exist.

    Raises:
        UsageError: The user's configuration file is there but is no valid TOML.
    """
    chosen = given or os.environ.get(ROOT_VARIABLE) or _configured_root() or ".runicorn"
    return Path(chosen).expanduser().absolute()


def config_file() -> Path:
    """Return where the user's own settings are read from."""
    import platformdirs

    return platformdirs.user_config_path("runicorn") / "config.toml"


def _configured_root() -> str | None:
    path = config_file()
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no valid TOML: {error}") from error
    root = settings.get("root")
    if root is not None and not isinstance(root, str):
        raise UsageError(f"{path}: root must be a text, not {root!r}")
    return root

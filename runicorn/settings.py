"""Settings: what is set, where it was said, and what it may be.

A value given in code wins over its ``RUNICORN_*`` variable, which wins over the project's file
(``runicorn.toml``, or ``[tool.runicorn]`` of ``pyproject.toml``, in the working directory or the
nearest one above it), which wins over the user's own file, which wins over the default.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runicorn.errors import UsageError

ROOT_VARIABLE = "RUNICORN_DIR"
INDEX_VARIABLE = "RUNICORN_INDEX_URL"
PLUGINS_VARIABLE = "RUNICORN_PLUGINS"
PROJECT_FILE = "runicorn.toml"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that can be set.

    Attributes:
        name: Its name in files and, where there is one, as an argument of `runicorn.init`.
        variable: Its environment variable.
        default: What holds when nobody says anything.
        check: Turns what was said into a value; raises ``ValueError`` with what is allowed.
        meaning: What it is for.
    """

    name: str
    variable: str
    default: Any
    check: Callable[[Any], Any]
    meaning: str


@dataclass(frozen=True, slots=True)
class Found:
    """The value of a setting.

    Attributes:
        value: The value, checked.
        source: Where it was said: ``argument``, a variable, a file, or ``default``.
    """

    value: Any
    source: str


class Settings:
    """What the environment and the files say; the files are read once.

    Attributes:
        files: (path, what it sets), the project's file first.
    """

    def __init__(self) -> None:
        """Read the files.

        Raises:
            UsageError: A file can't be understood or sets something that there is not.
        """
        paths = (project_file(), config_file())
        self.files = [(str(path), _read(path)) for path in paths if path is not None]

    def find(self, name: str, given: object = None) -> Found:
        """Find the value of a setting.

        Args:
            name: Its name.
            given: What was said in code; ``None`` when nothing was.

        Raises:
            UsageError: What was said is not allowed; the message says where it was said.
        """
        setting = SETTINGS[name]
        for source, said in self._said(setting, given):
            if said is not None:
                try:
                    return Found(setting.check(said), source)
                except ValueError as error:
                    raise UsageError(f"{name} of {source} is {said!r}: {error}") from None
        return Found(setting.default, "default")

    def find_root(self, given: str | os.PathLike[str] | None = None) -> Path:
        """Return the absolute path of the root; it need not exist.

        A relative path in a file is meant from that file's folder.

        Raises:
            UsageError: What was said is no path.
        """
        found = self.find("root", given)
        is_of_file = found.source in {path for path, _settings in self.files}
        base = Path(found.source).parent if is_of_file else Path()
        return (base / Path(found.value).expanduser()).absolute()

    def _said(self, setting: Setting, given: object) -> Iterator[tuple[str, object]]:
        yield "argument", given
        yield setting.variable, os.environ.get(setting.variable) or None
        for path, settings in self.files:
            yield path, settings.get(setting.name)


def find(name: str, given: object = None) -> Found:
    """Find the value of one setting; see `Settings.find`."""
    return Settings().find(name, given)


def value_of(name: str, given: object = None) -> Any:
    """Return the value of a setting; see `find`."""
    return find(name, given).value


def find_root(given: str | os.PathLike[str] | None = None) -> Path:
    """Return the absolute path of the root; see `Settings.find_root`."""
    return Settings().find_root(given)


def config_file() -> Path:
    """Return where the user's own settings are read from.

    Source: freedesktop.org, "XDG Base Directory Specification", on Linux; platformdirs elsewhere.
    """
    if str(sys.platform) == "linux":  # the same answer as below, at a tenth of the time
        base = os.environ.get("XDG_CONFIG_HOME", "")
        folder = Path(base) if base.startswith("/") else Path.home() / ".config"
        return folder / "runicorn" / "config.toml"
    import platformdirs

    return platformdirs.user_config_path("runicorn") / "config.toml"


def project_file() -> Path | None:
    """Return the project's settings file: the nearest one, upward from the working directory."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder / PROJECT_FILE
        if _holds_ours(folder / "pyproject.toml"):
            return folder / "pyproject.toml"
    return None


def _holds_ours(path: Path) -> bool:
    try:
        return b"[tool.runicorn" in path.read_bytes()
    except OSError:
        return False


def _read(path: Path) -> Mapping[str, Any]:
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if path.name == "pyproject.toml":
            return {}  # somebody else's file; its own tools complain about it
        raise UsageError(f"{path} is no valid TOML: {error}") from error
    if path.name == "pyproject.toml":
        settings = settings.get("tool", {}).get("runicorn", {})
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise UsageError(f"{path}: unknown settings {unknown}; known are {sorted(SETTINGS)}")
    return settings


def _path(said: object) -> str:
    if not isinstance(said, str | os.PathLike) or not os.fspath(said):
        raise ValueError("must be the path of a folder")
    return os.fspath(said)


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise ValueError("must be a text")  # noqa: TRY004
    return said


def _flag(said: object) -> bool:
    if isinstance(said, bool):
        return said
    if isinstance(said, str) and said.lower() in _TRUE | _FALSE:
        return said.lower() in _TRUE
    raise ValueError("must be true or false")


def _seconds(said: object) -> float:
    try:
        number = float(said)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise ValueError("must be a number of seconds above 0")
    return number


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def check(said: object) -> str:
        if said not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(said)

    return check


def _console(said: object) -> str:
    """Take a flag or a level: ``True`` is all that can be captured."""
    if said in ("python", "all", "off"):
        return str(said)
    return "all" if _flag(said) else "off"


def _names(said: object) -> list[str]:
    names = said.split(",") if isinstance(said, str) else said
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError("must be a list of names")
    return [name.strip() for name in names if name.strip()]


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("root", ROOT_VARIABLE, ".runicorn", _path, "the folder that holds all runs"),
        Setting(
            "index_url", INDEX_VARIABLE, None, _text, "where the index lies, an SQLAlchemy URL"
        ),
        Setting("plugins", PLUGINS_VARIABLE, [], _names, "the only plugins to load, or none"),
        Setting(
            "server",
            "RUNICORN_SERVER",
            "http://127.0.0.1:23300",
            _text,
            "the address of the server that shows the runs",
        ),
        Setting("project", "RUNICORN_PROJECT", "default", _text, "the project of new runs"),
        Setting("name", "RUNICORN_NAME", "default", _text, "the experiment of new runs"),
        Setting("group", "RUNICORN_GROUP", None, _text, "runs that belong together"),
        Setting("job_type", "RUNICORN_JOB_TYPE", None, _text, "what kind of work a run is"),
        Setting("tags", "RUNICORN_TAGS", [], _names, "tags of new runs"),
        Setting("notes", "RUNICORN_NOTES", None, _text, "what a new run is for"),
        Setting("run_id", "RUNICORN_RUN_ID", None, _text, "the id of a new run"),
        Setting(
            "resume",
            "RUNICORN_RESUME",
            "never",
            _one_of("never", "allow", "must", "auto"),
            "whether init goes on with an earlier run",
        ),
        Setting(
            "mode",
            "RUNICORN_MODE",
            "online",
            _one_of("online", "disabled"),
            "disabled: every call does nothing",
        ),
        Setting(
            "ranks",
            "RUNICORN_RANKS",
            "zero",
            _one_of("zero", "all"),
            "which processes of a distributed job record",
        ),
        Setting("capture_env", "RUNICORN_CAPTURE_ENV", True, _flag, "record the environment"),
        Setting(
            "capture_console",
            "RUNICORN_CAPTURE_CONSOLE",
            "all",
            _console,
            "record what is printed: all, python (not other languages and processes), off",
        ),
        Setting("system_metrics", "RUNICORN_SYSTEM_METRICS", True, _flag, "sample the hardware"),
        Setting(
            "system_interval_s",
            "RUNICORN_SYSTEM_INTERVAL_S",
            10.0,
            _seconds,
            "the time between two samples of the hardware",
        ),
    )
}

"""The hooks: when each is called, with what, and what it may answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pluggy

from runicorn.pieces import Media
from runicorn.transfer import Exporter, Importer

if TYPE_CHECKING:
    import typer

PROJECT = "runicorn"
PREFIX = "runicorn_"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function or method as the implementation of the hook it is named after."""


class RecordingRun(Protocol):
    """What a hook may rely on of the run it is given."""

    @property
    def id(self) -> str:
        """The run's id."""

    @property
    def project(self) -> str:
        """The project's name."""

    @property
    def name(self) -> str:
        """The experiment's name, parts joined by ``/``."""

    @property
    def root(self) -> Path:
        """The root that the run lies in."""

    @property
    def run_dir(self) -> Path:
        """The run's folder."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What is set for this run, by the names of `runicorn.settings.SETTINGS`."""

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """Append an event of another type than ``metrics`` to the journal."""

    def write_log(self, text: str) -> None:
        """Append text to ``logs.txt`` as it is."""

    def alert(
        self, title: str, text: str = "", level: Literal["info", "warning", "error"] = "info"
    ) -> None:
        """Tell of something that somebody should look at."""


@hookspec
def runicorn_run_started(run: RecordingRun) -> None:
    """Observe that a run has started: its folder and documents are there, nothing is logged yet.

    Called in a thread that all observers of the run share; ``init`` waits for it, but not for long.
    """


@hookspec
def runicorn_logged(run: RecordingRun, event: Mapping[str, Any]) -> None:
    """Observe that an event was recorded: its line is written.

    Called soon after, in a thread that all observers of the run share; ``log`` waits for nothing.
    An observer that is slower than the events come misses some and is warned about.

    Args:
        run: The run.
        event: ``ts`` `[s]`, ``type`` and ``data``, as in the journal.
    """


@hookspec
def runicorn_before_text(run: RecordingRun, text: str) -> None:
    """Observe that `log_text` is about to add text to the log, after what is written here.

    Called in a thread that all observers of the run share; ``log_text`` waits for it, but not for
    long.

    Args:
        run: The run.
        text: What will be added.
    """


@hookspec
def runicorn_alert(run: RecordingRun, alert: Mapping[str, str]) -> None:
    """Observe an alert: it is written.

    Called soon after, in a thread that all observers of the run share.

    Args:
        run: The run.
        alert: ``title``, ``text`` and ``level`` (``info``, ``warning`` or ``error``).
    """


@hookspec
def runicorn_run_finished(run: RecordingRun, status: str) -> None:
    """Observe that a run has ended: its last event and final status are on disk.

    Its log still takes text. Called in a thread that all observers of the run share; ``finish``
    waits for it, but not beyond its deadline.

    Args:
        run: The run.
        status: ``finished``, ``failed`` or ``interrupted``.
    """


@hookspec(firstresult=True)
def runicorn_convert_value(key: str, value: object) -> float | int | None:
    """Convert a value that is no plain Python number, such as an array of one element.

    Called by ``log`` and for config and summary values, in the caller's thread; the first answer
    that is not ``None`` wins.

    Args:
        key: The metric's key, for messages.
        value: What the user logged.

    Returns:
        A Python number, or ``None`` when this plugin does not know such values.
    """


@hookspec
def runicorn_media_types() -> list[type[Media]] | None:
    """Tell which media `log` may make of values that it is given as they are.

    Called once a run, when something is logged that is no number and no media, in the caller's
    thread. Such a value goes to the first of the types whose ``wraps`` takes it.

    Returns:
        Types whose objects are made from the value alone, or ``None`` when there are none.
    """


@hookspec
def runicorn_environment(run: RecordingRun) -> dict[str, object] | None:
    """Tell something about where the run runs, for its ``environment.json``.

    Called once a run, right after its start, in a thread of its own that ``finish`` waits for only
    briefly. Must not change anything and should not start what the user did not start.

    Args:
        run: The run.

    Returns:
        JSON values by key, or ``None`` when there is nothing to tell. Dictionaries and lists of
        several plugins under one key are joined; of other values the first answer stays. The text
        under ``code_diff`` becomes the file ``code.diff``. Secrets are redacted by the caller.
    """


@hookspec
def runicorn_system_sample(run: RecordingRun) -> dict[str, float] | None:
    """Measure the machine once: one part of a ``system`` event.

    Called about a second after the start of a run and then at each interval, always in the same
    thread of the run. Answers that take more than 1 % of a core make the interval longer.

    Args:
        run: The run, for what is measured since its start.

    Returns:
        Numbers by key, the unit at the end of the key (``memory/used_bytes``); ``None`` when there
        is nothing to measure.
    """


@hookspec
def runicorn_exporters() -> Mapping[str, Exporter] | None:
    """Give formats that runs can be exported to.

    Called by ``runicorn export``, once a call.

    Returns:
        Exporters by the name of the format, such as ``csv``; of several with one name that of the
        plugin asked first is used, so that a plugin can replace one that is built in.
    """


@hookspec
def runicorn_importers() -> Mapping[str, Importer] | None:
    """Give formats that runs can be imported from.

    Called by ``runicorn import``, once a call.

    Returns:
        Importers by the name of the format; chosen as the exporters are.
    """


@hookspec
def runicorn_cli_commands(app: typer.Typer) -> None:
    """Add commands to ``runicorn``.

    Called once, when the command has been given its own commands and nothing has been read yet.

    Args:
        app: Takes commands by ``app.command("name")(function)``; a docstring is the help, and what
            is raised of `runicorn.errors` becomes one line on stderr and an exit code.
    """

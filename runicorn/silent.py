"""A silent run: all of a run's surface, and nothing is recorded.

It stands in where nothing is to be recorded: with ``mode="disabled"``, on the ranks of a job that
leave recording to rank 0, and for a run that was pickled into another process.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runicorn.best import Mode
from runicorn.ending import FinalStatus
from runicorn.facts import RunFacts
from runicorn.inputs import Config, config_of, merge
from runicorn.layout import RunDir, run_dir
from runicorn.outputs import Summary
from runicorn.recording import Level, Run, find_open
from runicorn.settings import SETTINGS
from runicorn.values import plain_document

_log = logging.getLogger("runicorn")


class SilentRun(Run):
    """Takes every call and does nothing; config and summary are kept in memory."""

    def __init__(
        self,
        folder: RunDir,
        root: Path,
        *,
        rank: int = 0,
        config: object = None,
        settings: Mapping[str, Any] | None = None,
        warning: str | None = None,
    ) -> None:
        """Make one.

        Args:
            folder: Where the run would lie, or where the one lies that it stands for.
            root: The root.
            rank: Which process of a distributed run this is.
            config: Its inputs.
            settings: What is set, by name.
            warning: Told at the first call that records.
        """
        known = settings or {name: each.default for name, each in SETTINGS.items()}
        RunFacts.__init__(self, folder, root, rank, known)
        self._step = 0
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Any] = {}
        self._config = Config(self._inputs, self._keep_input)
        self._summary = Summary(self._outputs, self._outputs.update)
        self._warning = warning
        self._is_finished = False
        self._config.update(config_of(config))

    @property
    def attempt(self) -> int:
        """Always 1."""
        return 1

    @property
    def is_active(self) -> bool:
        """Whether it was not finished yet."""
        return not self._is_finished

    def log(
        self,
        data: Mapping[str, Any] | None = None,  # noqa: ARG002 - the surface of Run
        *,
        step: int | None = None,  # noqa: ARG002
        stage: str | None = None,  # noqa: ARG002
        **metrics: Any,  # noqa: ARG002
    ) -> None:
        """Record nothing."""
        if self._warning is not None:
            self._warn()

    def log_text(self, text: str) -> None:
        """Record nothing."""

    def write_log(self, text: str) -> None:
        """Record nothing."""

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """Record nothing."""

    def set_primary_metric(self, name: str, mode: Mode = "max") -> None:
        """Record nothing."""

    def define_metric(
        self,
        name: str,
        goal: Mode | None = None,
        unit: str | None = None,
        step_metric: str | None = None,
        *,
        hidden: bool = False,
    ) -> None:
        """Record nothing."""

    def alert(self, title: str, text: str = "", level: Level = "info") -> None:
        """Record nothing."""

    def begin(self, changes: Mapping[str, Any], *, resumed_at_step: int | None = None) -> None:
        """Record nothing."""

    def finish(
        self,
        status: FinalStatus = "finished",  # noqa: ARG002 - the surface of Run
        *,
        reason: str | None = None,  # noqa: ARG002
        exit_code: int | None = None,  # noqa: ARG002
    ) -> None:
        """End it; there is nothing to write."""
        self._is_finished = True

    def _keep_input(self, changes: Mapping[str, Any]) -> None:
        # The built-in converter of arrays: rank 0 gets numbers for the same values.
        from runicorn.plugins import arrays

        merge(
            self._inputs,
            plain_document(changes, lambda _key, value: arrays.runicorn_convert_value(value)),
        )

    def _warn(self) -> None:
        _log.warning("run %s: %s", self.id, self._warning)
        self._warning = None


def unpickle(root: str, project: str, name: str, run_id: str) -> Run:
    """Return the run that was pickled, if this process records it; a silent one otherwise."""
    found = find_open(Path(root), run_id)
    if found is not None:
        return found
    folder = run_dir(Path(root), project, name, run_id)
    return SilentRun(
        folder,
        Path(root),
        warning="a run that was pickled into another process does not record there",
    )

"""The facts of a run that never change while it records: what it is and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from runicorn.layout import RunDir


class RunFacts:
    """What every kind of run knows of itself."""

    def __init__(self, folder: RunDir, root: Path, rank: int, settings: Mapping[str, Any]) -> None:
        self._folder = folder
        self._root = root
        self._rank = rank
        self._settings = dict(settings)

    @property
    def id(self) -> str:
        """The run's id, also the name of its folder."""
        return self._folder.id

    @property
    def project(self) -> str:
        """The project's name."""
        return self._folder.project

    @property
    def name(self) -> str:
        """The experiment's name, parts joined by ``/``."""
        return self._folder.name

    @property
    def root(self) -> Path:
        """The root that the run lies in."""
        return self._root

    @property
    def run_dir(self) -> Path:
        """The run's folder."""
        return self._folder.path

    @property
    def rank(self) -> int:
        """Which process of a distributed run this is."""
        return self._rank

    @property
    def settings(self) -> Mapping[str, Any]:
        """What is set for this run, by the names of `runicorn.settings.SETTINGS`."""
        return MappingProxyType(self._settings)

    @property
    def url(self) -> str:
        """Where the run is shown once the server runs that the setting ``server`` names."""
        return f"{self._settings['server'].rstrip('/')}/r/{self.id}"

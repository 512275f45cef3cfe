"""Exports to archives: the whole folders of runs in a zip or tar.gz, to be imported elsewhere."""

from __future__ import annotations

from typing import BinaryIO

from runicorn.curation.archives import Kind, pack
from runicorn.transfer import Progress, Selection


class ArchiveExporter:
    """Packs all files of the runs; which metrics are chosen does not matter."""

    is_text = False

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.suffixes: tuple[str, ...] = (".zip",) if kind == "zip" else (".tar.gz", ".tgz")

    def write(self, selection: Selection, target: BinaryIO, progress: Progress) -> None:
        """Write runs; see `runicorn.transfer.Exporter`."""
        pack(selection.root, selection.runs, target, self._kind, progress)

"""Imports from archives that `runicorn export` packed, or that come from anybody."""

from __future__ import annotations

from typing import BinaryIO

from runicorn.curation.unpacking import NO_LIMITS, unpack
from runicorn.transfer import Destination, Imported, Progress


class ArchiveImporter:
    """Takes whole runs; one that exists is left untouched."""

    suffixes = (".zip", ".tar.gz", ".tgz", ".tar")

    def read(self, source: BinaryIO, destination: Destination, progress: Progress) -> Imported:
        """Import runs; see `runicorn.transfer.Importer`."""
        limits = NO_LIMITS if destination.is_trusted else None
        unpacked = unpack(destination.root, source, limits, progress)
        return Imported(unpacked.added, dict(unpacked.skipped))

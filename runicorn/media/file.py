"""File: any file, copied as it is."""

from __future__ import annotations

import os

from runicorn.media.naming import extension_of
from runicorn.media.writing import source_file
from runicorn.pieces import Media, Piece


class File(Media):
    """A copy of a file, under its own extension."""

    def __init__(self, path: str | os.PathLike[str], caption: str | None = None) -> None:
        """Remember the path; the file is copied when it is logged.

        Args:
            path: A regular file, or a link to one.
            caption: A line about it.
        """
        self._path = path
        self.caption = caption

    def pieces(self, key: str) -> list[Piece]:
        """Check that the file is there."""
        path = source_file(key, self._path)
        return [Piece("file", {"name": path.name}, extension_of(path.name), path)]

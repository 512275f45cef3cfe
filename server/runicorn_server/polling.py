"""Polls a root where the system can't tell of its changes: compares names, sizes and times."""

from __future__ import annotations

import os
from pathlib import Path

from runicorn.query.places import NOT_INDEXED, walk_watched


class Poll:
    """What the runs of one root looked like the last time; one thread at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._looks: dict[Path, int] = {}

    def look(self) -> set[Path]:
        """Return the folders of runs that changed, came or went since the last look.

        Raises:
            OSError: The root can't be read.
        """
        os.scandir(self._root).close()  # a root that can't be read for now has lost no run
        looks = {
            folder.path: _look_at(folder.path)
            for folder in walk_watched(self._root, self._root)
            if folder.is_run
        }
        before, self._looks = self._looks, looks
        return {path for path, _look in looks.items() ^ before.items()}


def _look_at(folder: Path) -> int:
    """Return a number that is another one once something changed that is indexed."""
    try:
        with os.scandir(folder) as entries:
            seen = [
                (entry.name, found.st_size, found.st_mtime_ns)
                for entry in entries
                if not entry.name.endswith(".tmp") and entry.name not in NOT_INDEXED
                for found in (entry.stat(follow_symlinks=False),)
            ]
    except OSError:
        return 0
    return hash(tuple(sorted(seen)))

"""Linux tells of changes at once: the folders of a root, watched one by one, whatever their names.

An event is in the queue when the call that made it returns. So who reads the queue after a writer
said that it has written finds that event there.

Source: Linux manual pages, inotify(7), inotify_add_watch(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runicorn.query.places import Watched, is_run, is_watched, walk_watched

IS_HERE = sys.platform == "linux"

_MODIFY, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_UNMOUNT, _OVERFLOW, _IGNORED = 0x2000, 0x4000, 0x8000
_ONLY_FOLDERS, _NO_LINKS, _NONE_OF_DELETED = 0x1000000, 0x2000000, 0x4000000
_OF_FOLDER = 0x40000000
# Above the runs only folders count: the index lies there too, and it changes all the time.
_ABOVE_RUNS = (
    _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF | _ONLY_FOLDERS
)
_IN_RUN = _ABOVE_RUNS | _MODIFY | _NONE_OF_DELETED
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
# One read [bytes], and as many as the queue of the kernel takes that holds 16,384 events.
_BLOCK_BYTES = 1 << 18
_MAX_BLOCKS = 20


@dataclass(slots=True)
class News:
    """What happened since the last look.

    Attributes:
        paths: Files of runs that changed, and runs that came or went.
        is_lost: Whether more may have happened than is told, so that all has to be looked at and
            watched anew.
    """

    paths: set[Path] = field(default_factory=set)
    is_lost: bool = False


class Tree:
    """All watched folders of one root; one thread at a time.

    Attributes:
        is_stopped: Set from any thread, it ends a long `watch` soon.
    """

    def __init__(self, root: Path) -> None:
        """Prepare; nothing is watched before `watch`.

        Raises:
            OSError: The system can't watch.
        """
        self.is_stopped = False
        self._root = root
        self._folders: dict[int, Watched] = {}
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise _last_error(root)

    def watch(self) -> None:
        """Watch all folders that there are.

        Raises:
            FileNotFoundError: The root is not there.
            OSError: The system can't watch it, or not so many folders.
        """
        if not self._watch(Watched(self._root, is_run=False)):
            raise _last_error(self._root)
        deque(self._add(self._root), maxlen=0)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when there is news."""
        return self._descriptor

    def close(self) -> None:
        """Stop watching."""
        os.close(self._descriptor)

    def read(self) -> News:
        """Tell what happened up to this call; never waits.

        Raises:
            OSError: The system can't watch as many folders as there are now.
        """
        news, files = News(), set[tuple[int, bytes]]()
        for _ in range(_MAX_BLOCKS):  # others may write faster than this reads
            block = self._read_block()
            for watch, mask, name in _events(block):
                if mask & (_OVERFLOW | _UNMOUNT):
                    news.is_lost = True
                elif mask & _OF_FOLDER and name:
                    self._see_folder(news, watch, mask, name)
                elif mask & (_IGNORED | _DELETE_SELF | _MOVE_SELF):
                    self._see_own(news, watch, mask)
                elif name:
                    files.add((watch, name))
            if len(block) < _BLOCK_BYTES // 2:
                break
        for watch, name in files:
            folder = self._folders.get(watch)
            if folder is not None and folder.is_run and not name.endswith(b".tmp"):
                news.paths.add(folder.path / os.fsdecode(name))
        return news

    def _read_block(self) -> bytes:
        try:
            return os.read(self._descriptor, _BLOCK_BYTES)
        except BlockingIOError:
            return b""

    def _see_folder(self, news: News, watch: int, mask: int, name: bytes) -> None:
        """A folder came to, or went from, a watched one."""
        above = self._folders.get(watch)
        text = os.fsdecode(name)
        if above is None or above.is_run or not is_watched(self._root, above.path, text):
            return
        path = above.path / text
        if mask & (_MOVED_FROM | _DELETE):
            news.paths.update(self._remove(path))
            if is_run(self._root, path):  # of a deleted one the watch may have gone before
                news.paths.add(path)
        else:
            news.paths.update(self._add(path))

    def _see_own(self, news: News, watch: int, mask: int) -> None:
        """A watched folder moved or went; the one above it tells so, but for the root."""
        folder = self._folders.get(watch)
        if folder is not None and folder.path == self._root:
            news.is_lost = True
        if mask & _IGNORED:
            self._folders.pop(watch, None)

    def _add(self, path: Path) -> Iterator[Path]:
        """Watch a folder and those below it; tell the runs."""
        for folder in walk_watched(self._root, path):
            if self.is_stopped:
                return
            if self._watch(folder) and folder.is_run:
                yield folder.path

    def _watch(self, folder: Watched) -> bool:
        """Watch one folder; tell whether it is still there."""
        mask = _IN_RUN if folder.is_run else _ABOVE_RUNS
        if folder.path != self._root:
            mask |= _NO_LINKS
        name = os.fsencode(folder.path)
        watch = self._libc.inotify_add_watch(self._descriptor, name, mask)
        if watch >= 0:
            self._folders[watch] = folder
            return True
        error = _last_error(folder.path)
        if error.errno in {errno.ENOSPC, errno.ENOMEM}:  # as many are watched as may be
            raise error
        return False

    def _remove(self, path: Path) -> list[Path]:
        """Watch a folder and those below it no more; return the runs."""
        gone = [
            (watch, folder)
            for watch, folder in self._folders.items()
            if folder.path == path or path in folder.path.parents
        ]
        for watch, _folder in gone:
            self._libc.inotify_rm_watch(self._descriptor, watch)
            del self._folders[watch]
        return [folder.path for _watch, folder in gone if folder.is_run]


def _events(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at < len(block):
        watch, mask, _cookie, length = _EVENT.unpack_from(block, at)
        at += _EVENT.size + length
        yield watch, mask, block[at - length : at].rstrip(b"\0")


def _last_error(path: Path) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), str(path))

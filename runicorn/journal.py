"""Journals: append whole lines, read whole lines from an offset.

A line counts when its newline is there. One process writes a journal; any number read it. When an
append has returned, the line is with the kernel: a killed process loses nothing.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runicorn.errors import ConflictError, JournalDamagedError
from runicorn.files import open_regular

# Lines kept in memory while the disk refuses them [bytes].
MAX_WAITING_BYTES = 64 << 20
# One read of a journal, and the longest line that is understood [bytes].
BLOCK_BYTES = 4 << 20
MAX_LINE_BYTES = 64 << 20
# Each exists on some systems only: no line ends are rewritten, no child inherits the file.
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class JournalWriter:
    """Appends lines to one file.

    A line that the disk refuses (full, unreachable) is kept in memory and written before the next
    one; a partial write is cut back, so the file always ends with a whole line.

    Attributes:
        path: The file.
        error: What the disk said last, or ``None`` when everything is written.
        n_lost: Lines given up because more than 64 MiB were waiting.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the journal; a torn tail of an earlier writer is cut off.

        Raises:
            ConflictError: Another process is writing it.
            OSError: It can't be opened.
        """
        self.path = path
        self.error: OSError | None = None
        self.n_lost = 0
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | _FLAGS, 0o644)
        try:
            _claim(self._fd, path)
            _cut_torn_tail(self._fd)
        except BaseException:
            os.close(self._fd)
            raise

    @property
    def is_closed(self) -> bool:
        """Whether it was closed or abandoned."""
        return self._fd < 0

    @property
    def n_waiting(self) -> int:
        """Lines that the disk has not taken yet."""
        return len(self._waiting)

    def append(self, line: bytes) -> None:
        """Append one whole line, newline included.

        Trouble with the disk is kept in `error` instead of raised: recording must go on.
        """
        if self._waiting:
            self._wait(line)
            self.retry()
            return
        try:
            written = os.write(self._fd, line)
        except OSError as error:
            self.error = error
            self._wait(line)
            return
        if written != len(line):
            self._cut_back(written)
            self._wait(line)
            self.retry()

    def retry(self) -> None:
        """Write what is waiting, as far as the disk takes it."""
        try:
            while self._waiting:
                line = self._waiting[0]
                written = os.write(self._fd, line)
                if written != len(line):
                    self._cut_back(written)
                    return
                self._waiting.popleft()
                self._waiting_bytes -= len(line)
            self.error = None
        except OSError as error:
            self.error = error

    def close(self) -> None:
        """Write what is waiting, hand the file to the disk and close it; may be called twice."""
        if self._fd < 0:
            return
        self.retry()
        try:
            os.fsync(self._fd)
        except OSError as error:
            self.error = error
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the descriptor and write nothing: for a forked child, which shares it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _wait(self, line: bytes) -> None:
        if self._waiting_bytes + len(line) > MAX_WAITING_BYTES:
            self.n_lost += 1
            return
        self._waiting.append(line)
        self._waiting_bytes += len(line)

    def _cut_back(self, written: int) -> None:
        # Only this process appends, so the partial line is the end of the file.
        size = os.fstat(self._fd).st_size
        os.ftruncate(self._fd, size - written)
        self.error = OSError(f"{self.path}: the disk took only a part of a line")


def _claim(fd: int, path: Path) -> None:
    """See to it that no other process writes this file; the claim ends with the descriptor."""
    try:
        import fcntl
    except ImportError:  # another system, which has no such lock
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConflictError(f"{path} is being written by another process") from None
    except OSError:  # a file system without locks
        return


def _cut_torn_tail(fd: int) -> None:
    end = size = os.fstat(fd).st_size
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        os.lseek(fd, start, os.SEEK_SET)
        newline = os.read(fd, end - start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(fd, end)


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole lines of a journal.

    Attributes:
        lines: (offset `[bytes]`, line without its newline; ``None`` for one over 64 MiB), in order.
        start: The offset the batch was read from `[bytes]`.
        end: The offset after its last newline; the next batch starts there.
    """

    lines: list[tuple[int, bytes | None]]
    start: int
    end: int


def read_batch(path: Path, offset: int = 0, max_bytes: int = BLOCK_BYTES) -> Batch:
    """Read whole lines from an offset; a torn tail is left for later.

    Args:
        path: The journal.
        offset: Where a line starts `[bytes]`.
        max_bytes: About how much to read at once; a longer line is read whole `[bytes]`.

    Raises:
        JournalDamagedError: The file ends before the offset, so it is not the file it was.
        OSError: It can't be read.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size < offset:
            raise JournalDamagedError(path, f"is {size} bytes long, {offset} were read before")
        file.seek(offset)
        block = file.read(max_bytes)
        end = block.rfind(b"\n") + 1
        while not end and len(block) >= max_bytes:
            if len(block) > MAX_LINE_BYTES:
                return _skip_line(path, offset)
            more = file.read(BLOCK_BYTES)
            if not more:
                break
            newline = more.rfind(b"\n") + 1
            end = len(block) + newline if newline else 0
            block += more
    return Batch(list(_split(block[:end], offset)), offset, offset + end)


def iter_lines(path: Path, offset: int = 0) -> Iterator[tuple[int, bytes | None]]:
    """Iterate over all whole lines from an offset, a batch in memory at a time."""
    while True:
        batch = read_batch(path, offset)
        yield from batch.lines
        if batch.end == offset:
            return
        offset = batch.end


def _split(block: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    for line in block.split(b"\n")[:-1]:
        yield offset, line
        offset += len(line) + 1


def _skip_line(path: Path, offset: int) -> Batch:
    """Pass over a line that is too long to be kept, when its newline is there."""
    end = offset
    with open_regular(path) as file:
        file.seek(offset)
        while block := file.read(BLOCK_BYTES):
            newline = block.find(b"\n")
            if newline >= 0:
                end += newline + 1
                return Batch([(offset, None)], offset, end)
            end += len(block)
    return Batch([], offset, offset)

"""A channel: descriptors 1 and 2 lead through a process that writes on at once and keeps a copy.

A terminal is replaced by a pseudo-terminal of the same size, so that programs find what they found
before; anything else by a pipe. The copy is a file in memory that is read when there is time, so
that no writer ever waits for the reader. Works where there are Linux's anonymous files.
"""

from __future__ import annotations

import codecs
import fcntl
import mmap
import os
import select
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress

from runicorn import clock
from runicorn.console.sources import fileno, flush, flush_c
from runicorn.console.tee import reap, start_tee

# One read of the copy [bytes].
CHUNK_BYTES = 1 << 20
# What has not been read by then is passed over: memory is bounded, and the reader catches up.
MAX_BEHIND_BYTES = 128 << 20
# Memory of what was read is given back in pieces of this size [bytes].
FORGET_BYTES = 8 << 20
_PIPE_BYTES = 1 << 20
# How often a process that somebody kills is started again.
MAX_REVIVALS = 3
# Our own descriptors lie above those that scripts name by number.
_LOWEST = 20
# The copy is taken as complete when it has not grown for so long while the process was idle [s]:
# while the script may still write, and at the end where only others may.
QUIET_S = 0.0
LAST_QUIET_S = 0.02
_LOOK_MS = 1


_Identity = tuple[int, int, int] | None


class Channel:
    """Descriptors that are captured.

    Attributes:
        fds: Which.
    """

    def __init__(self, fds: Sequence[int]) -> None:
        """Take the descriptors over; they lead to the same file.

        Raises:
            OSError, termios.error, NotImplementedError: It can't be done; all is as before.
        """
        self.fds = tuple(fds)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._offset = self._forgotten = 0
        self._n_revivals = self._size = 0
        self._is_over = self._is_released = False
        # Of each descriptor of ours the file as well: scripts close what they did not open.
        self._opened: dict[int, _Identity] = {}
        writer = -1
        try:
            self._target = self._own(os.dup(self.fds[0]))
            self._source, writer = self._path()
            self._copy = self._own(os.memfd_create("runicorn-console", _MEMORY_FLAGS))
            self._start()
            self._identity = _identity(writer)
            for fd in self.fds:
                os.dup2(writer, fd)
        except BaseException:
            self._close()
            raise
        finally:
            if writer >= 0:
                os.close(writer)

    def read(self) -> str:
        """Return some of what was written since the last call; empty when nothing was."""
        size = os.fstat(self._copy).st_size
        behind = size - self._offset
        if behind > MAX_BEHIND_BYTES:
            self._offset = size
            self._forget()
            self._decoder.reset()
            return f"\n[{behind >> 20} MiB of output came too fast to be kept]\n"
        data = os.pread(self._copy, CHUNK_BYTES, self._offset)
        self._offset += len(data)
        if self._offset - self._forgotten >= FORGET_BYTES:
            self._forget()
        return self._decoder.decode(data)

    def carries(self, stream: object) -> bool:
        """Tell whether a stream of Python writes to one of the descriptors."""
        return fileno(stream) in self.fds

    def look_after(self) -> None:
        """Start the process again if it was killed, and fit the pseudo-terminal to the terminal."""
        if self._is_over:
            return
        if _polled(self._life, select.POLLHUP, 0):
            self._revive()
        self._fit()

    def flush(self, *, lagging_only: bool) -> None:
        """Have passed on what Python and the C library keep back; may wait for a writer.

        Args:
            lagging_only: Only streams that keep back whole lines, as into a file, and only when
                nothing comes by itself: a flush may cut a line in two.
        """
        if not lagging_only:
            flush(self.fds, lagging_only=False)
            flush_c()
            return
        with suppress(OSError):  # it was closed meanwhile
            size = os.fstat(self._copy).st_size
            if size == self._size:
                flush(self.fds, lagging_only=True)
            self._size = size

    def settle(self, timeout_s: float) -> None:
        """Wait until what was written is in the copy.

        Args:
            timeout_s: How long at most; it takes milliseconds unless somebody still writes `[s]`.
        """
        now = quiet_since = clock.monotonic()
        until = now + timeout_s
        quiet_s = LAST_QUIET_S if self._is_released else QUIET_S
        size = os.fstat(self._copy).st_size
        is_quiet = self._is_idle()
        while now < until and not (is_quiet and now - quiet_since >= quiet_s):
            if _polled(self._life, select.POLLHUP, _LOOK_MS):
                self._rescue()  # it may have been killed
                return
            now, before, size = clock.monotonic(), size, os.fstat(self._copy).st_size
            is_quiet = size == before and self._is_idle()
            quiet_since = quiet_since if is_quiet else now

    def release(self) -> None:
        """Let the descriptors lead where they led before, but for those that lead elsewhere now."""
        self._is_released = True
        if self._is_ours(self._target):
            for fd in self.fds:
                if _identity(fd) == self._identity:
                    os.dup2(self._target, fd)

    def close(self) -> None:
        """Read no more; the process goes on for those who still write."""
        with suppress(OSError):
            # Memory that nobody reads must not grow: from now on the process only writes on.
            fcntl.fcntl(self._copy, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
        is_over = _polled(self._life, select.POLLHUP, 0)
        self._close()
        if not self._is_over and not reap(self._pid, is_over=is_over):
            _left.append(self._pid)
        _left[:] = [pid for pid in _left if not reap(pid, is_over=False)]

    def abandon(self) -> None:
        """Close what a forked child has of it; its output goes on like that of any child."""
        self._close()
        _left.clear()

    def _start(self) -> None:
        life, alive = os.pipe()
        self._life, alive = self._own(life), _high(alive)
        try:
            self._pid = start_tee(self._source, self._target, self._copy, alive)
        finally:
            os.close(alive)

    def _revive(self) -> None:
        is_needed = not _polled(self._source, select.POLLHUP, 0)  # else nobody can write any more
        reap(self._pid, is_over=True)
        if is_needed and self._n_revivals < MAX_REVIVALS:
            self._n_revivals += 1
            with suppress(OSError):
                self._start()
                return
        self._is_over = True
        self.release()
        self._rescue()

    def _rescue(self) -> None:
        while _polled(self._source, select.POLLIN, 0):
            try:
                data = os.read(self._source, CHUNK_BYTES)
            except OSError:  # a terminal that nobody writes to
                return
            os.pwrite(self._copy, data, os.fstat(self._copy).st_size)
            _write_all(self._target, data)

    def _path(self) -> tuple[int, int]:
        """Return a new way from a writer to the process: (reading end, writing end)."""
        if not os.isatty(self._target):
            source, writer = os.pipe()
            writer = _high(writer)
            with suppress(OSError):
                fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            return self._own(source), writer
        source, writer = os.openpty()
        writer = _high(writer)
        attributes = termios.tcgetattr(self._target)
        attributes[1] &= ~termios.OPOST  # the terminal itself does it
        termios.tcsetattr(writer, termios.TCSANOW, attributes)
        self._source = self._own(source)
        self._fit()
        return self._source, writer

    def _fit(self) -> None:
        with suppress(termios.error):  # it is none
            size = termios.tcgetwinsize(self._target)
            if termios.tcgetwinsize(self._source) != size:
                termios.tcsetwinsize(self._source, size)

    def _own(self, fd: int) -> int:
        fd = _high(fd)
        self._opened[fd] = _identity(fd)
        return fd

    def _is_ours(self, fd: int) -> bool:
        return fd in self._opened and _identity(fd) == self._opened[fd]

    def _close(self) -> None:
        for fd in [fd for fd in self._opened if self._is_ours(fd)]:
            os.close(fd)
        self._opened.clear()

    def _is_idle(self) -> bool:
        """Tell whether the process has read all and waits for more."""
        # Looking for input makes the kernel hand on what is on its way through a pseudo-terminal.
        if _polled(self._source, select.POLLIN, 0):
            return False
        try:
            with open(f"/proc/{self._pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123
                return file.read().rpartition(")")[2].split()[0] == "S"
        except (OSError, IndexError):
            return True

    def _forget(self) -> None:
        start = self._forgotten
        length = (self._offset - start) // mmap.PAGESIZE * mmap.PAGESIZE
        if length:
            with mmap.mmap(self._copy, length, offset=start) as memory:
                memory.madvise(mmap.MADV_REMOVE)
            self._forgotten += length


# Processes that still served somebody when their channel was closed.
_left: list[int] = []
_MEMORY_FLAGS = getattr(os, "MFD_CLOEXEC", 0) | getattr(os, "MFD_ALLOW_SEALING", 0)
_HAS_PARTS = sys.platform == "linux" and hasattr(os, "memfd_create")


def open_channels() -> list[Channel]:
    """Capture descriptors 1 and 2 as far as that is possible and wise; one channel per file."""
    # A prompt edits its line through the terminal's own driver.
    if not _HAS_PARTS or hasattr(sys, "ps1") or sys.flags.interactive:
        return []
    flush((1, 2), lagging_only=False)  # what was printed before is not captured
    standard = ((1, sys.__stdout__), (2, sys.__stderr__))
    groups = [[fd] for fd, stream in standard if fileno(stream) == fd]
    if [1] in groups and [2] in groups and _identity(1) == _identity(2):
        groups = [[1, 2]]  # the order between them is kept
    return _open(groups)


def _open(groups: Sequence[Sequence[int]]) -> list[Channel]:
    channels: list[Channel] = []
    for fds in groups:
        with suppress(OSError, NotImplementedError, termios.error):
            channels.append(Channel(fds))
    return channels


def _identity(fd: int) -> _Identity:
    try:
        stat = os.fstat(fd)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_rdev


def _polled(fd: int, events: int, wait_ms: int) -> bool:
    poll = select.poll()
    poll.register(fd, events)
    return any(seen & events for _fd, seen in poll.poll(wait_ms))


def _high(fd: int) -> int:
    try:
        return int(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _LOWEST))
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    with suppress(OSError):
        while data:
            data = data[os.write(fd, data) :]

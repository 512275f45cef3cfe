"""The capture of this process: hears what is printed while runs record, and logs it for each.

Printing never waits for it: descriptors lead through a process of their own, streams append to a
queue, and one thread makes lines of both. What was changed is changed back with the last run.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from runicorn import clock
from runicorn.console.listener import Listener
from runicorn.console.sources import Source, streams
from runicorn.console.streams import StreamTee
from runicorn.plugins.hookspecs import RecordingRun
from runicorn.worker import Worker

# The pause between two looks at what was printed, and that in a flood [s].
TICK_S = 0.2
FLOOD_TICK_S = 0.001
# How long the end of a run waits for what is still on its way [s].
SETTLE_S = 1.0
# How long a text that is logged waits for what was printed before it [s].
GLANCE_S = 0.05
# How long a fork waits for the thread to finish what it does [s].
FORK_S = 0.2
# Reads of one source in one turn, so that a flood leaves room for others.
_MAX_READS = 16

_log = logging.getLogger("runicorn")


class Capture:
    """What is captured for the runs that record now."""

    def __init__(self) -> None:
        """Capture nothing yet."""
        self._sources: list[Source] = []
        self._listeners: dict[str, Listener] = {}
        self._turn = threading.Lock()
        self._held = threading.local()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="runicorn-console", daemon=True)
        # A flush waits for whoever writes, who may wait for the thread above: it has its own.
        self._flushing = threading.Lock()
        self._flusher: Worker | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody listens."""
        return not self._listeners

    def hears(self, run_id: str, stream: object) -> bool:
        """Tell whether what is written to a stream is logged for a run."""
        listener = self._listeners.get(run_id)
        return listener is not None and _is_carried(stream, listener.sources)

    def add(self, run: RecordingRun, *, is_deep: bool) -> None:
        """Listen for a run from now on.

        Args:
            run: The run.
            is_deep: Whether to hear what bypasses Python's streams as well.
        """
        self._flush(self._sources)
        with self._my_turn(SETTLE_S) as is_mine:
            if is_mine:
                self._catch_up(SETTLE_S)  # it was printed before this run began
            sources = self._channels() if is_deep else []
            sources += self._tees(each for each in streams() if not _is_carried(each, sources))
            self._listeners[run.id] = Listener(run, sources)
        if not self._thread.is_alive():
            self._thread.start()

    def remove(self, run_id: str, last_words: str) -> None:
        """Listen for a run no longer; what it has heard is logged.

        Args:
            run_id: The run's id.
            last_words: What the script says when it ends; logged unless it was said before.
        """
        listener = self._listeners.get(run_id)
        if listener is None:
            return
        others = [each.sources for each in self._listeners.values() if each is not listener]
        released = listener.sources.difference(*others)
        self._flush(listener.sources)
        for source in released:
            source.release()
        with self._my_turn(SETTLE_S) as is_mine:
            if is_mine:
                self._catch_up(SETTLE_S)
                listener.end(last_words)
            del self._listeners[run_id]
            self._close(released)
        if self.is_idle:
            self._stopping.set()
            self._thread.join(SETTLE_S)
            if self._flusher is not None:
                self._flusher.stop()

    def catch_up(self) -> None:
        """Log what was printed so far, as far as that takes no time."""
        self._flush(self._sources)
        with self._my_turn(GLANCE_S) as is_mine:
            if is_mine:
                self._catch_up(GLANCE_S)

    def hold(self) -> None:
        """Touch nothing while this thread forks, so that the child finds everything in order."""
        locks = (self._turn, self._flushing)
        self._held.locks = [lock for lock in locks if lock.acquire(timeout=FORK_S)]

    def go_on(self) -> None:
        """The fork is done."""
        for lock in self._held.locks:
            lock.release()

    def abandon(self) -> None:
        """Hear nothing any more: for a forked child, whose output its parent hears."""
        for source in self._sources:
            source.abandon()

    def _channels(self) -> list[Source]:
        from runicorn.console import channel  # only some systems have what it needs

        known = [each for each in self._sources if isinstance(each, channel.Channel)]
        opened = [] if known else channel.open_channels()
        self._sources += opened
        if opened and self._flusher is None:
            self._flusher = Worker("runicorn-console-flush", self._flush_lagging, TICK_S)
        return [*known, *opened]

    def _tees(self, heard: Iterable[object]) -> list[Source]:
        tees: list[Source] = []
        for stream in heard:
            known = (each for each in self._sources if isinstance(each, StreamTee))
            tee = next((each for each in known if each.carries(stream)), None)
            if tee is None:
                try:
                    tee = StreamTee(stream)
                except (AttributeError, TypeError):
                    _log.warning("what is printed to %r can't be recorded", stream)
                    continue
                self._sources.append(tee)
            tees.append(tee)
        return tees

    def _close(self, sources: Iterable[Source]) -> None:
        for source in sources:
            self._sources.remove(source)
            source.close()

    @contextmanager
    def _my_turn(self, timeout_s: float) -> Iterator[bool]:
        is_mine = self._turn.acquire(timeout=timeout_s)
        try:
            yield is_mine
        finally:
            if is_mine:
                self._turn.release()

    def _flush(self, sources: Iterable[Source]) -> None:
        for source in list(sources):
            source.flush(lagging_only=False)

    def _flush_lagging(self) -> None:
        with self._flushing:
            for source in list(self._sources):
                source.flush(lagging_only=True)

    def _catch_up(self, timeout_s: float) -> None:
        until = clock.monotonic() + timeout_s
        for source in self._sources:
            source.settle(max(0.0, until - clock.monotonic()))
        while self._hand_on() and clock.monotonic() < until:
            pass

    def _hand_on(self) -> bool:
        """Log what was written, as far as it is there; tell whether there may be more."""
        has_more = False
        listeners = list(self._listeners.values())
        for source in self._sources:
            for _ in range(_MAX_READS):
                text = source.read()
                if not text:
                    break
                for listener in listeners:
                    listener.feed(source, text)
            else:
                has_more = True
        for listener in listeners:
            listener.take()
        return has_more

    def _work(self) -> None:
        pause_s = TICK_S
        try:
            while not self._stopping.wait(pause_s):
                with self._turn:
                    for source in self._sources:
                        source.look_after()
                    pause_s = FLOOD_TICK_S if self._hand_on() else TICK_S
        except Exception as error:  # noqa: BLE001 - promise 5
            for source in self._sources:
                with suppress(OSError):
                    source.release()
                    source.close()
            _log.warning("what is printed is not recorded any more: %r", error)


def begin(run: RecordingRun, *, is_deep: bool) -> None:
    """Log for a run what is printed from now on; see `Capture.add`."""
    global _capture  # noqa: PLW0603 - descriptors and streams are the process's
    with _lock:
        if _capture is None:
            _capture = Capture()
        _capture.add(run, is_deep=is_deep)


def end(run_id: str, last_words: str = "") -> None:
    """Log nothing more for a run; see `Capture.remove`."""
    global _capture  # noqa: PLW0603
    with _lock:
        if _capture is not None:
            _capture.remove(run_id, last_words)
            if _capture.is_idle:
                _capture = None


def catch_up() -> None:
    """Log what was printed so far; see `Capture.catch_up`."""
    capture = _capture
    if capture is not None:
        capture.catch_up()


def hears(run_id: str, stream: object) -> bool:
    """Tell whether what is written to a stream is logged for a run."""
    capture = _capture
    return capture is not None and capture.hears(run_id, stream)


def _is_carried(stream: object, sources: Iterable[Source]) -> bool:
    return any(source.carries(stream) for source in sources)


_lock = threading.RLock()
_capture: Capture | None = None


def _hold() -> None:
    if _capture is not None:
        _capture.hold()


def _go_on() -> None:
    if _capture is not None:
        _capture.go_on()


def _abandon() -> None:
    global _capture, _lock  # noqa: PLW0603
    capture, _capture = _capture, None
    _lock = threading.RLock()  # another thread may have held it when the process forked
    if capture is not None:
        with suppress(OSError):
            capture.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_go_on, after_in_child=_abandon)

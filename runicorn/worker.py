"""A worker: does things in a thread of its own, so that whoever waits can stop waiting.

What a disk, a database or a plugin does may take for ever; a training run waits a bounded time.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Work = Callable[[], None]
# Work that was posted and not done yet; what is posted beyond is refused.
MAX_POSTED = 10_000


class Worker:
    """Does one thing after the other in a daemon thread.

    The thread is there from the start, because none can be started while the interpreter ends.
    One that hangs is left to itself, and another takes its place.
    """

    def __init__(self, name: str, idle: Work | None = None, idle_s: float | None = None) -> None:
        """Start the thread.

        Args:
            name: Of the thread.
            idle: Done whenever nothing was asked for that long; must not raise.
            idle_s: `[s]`
        """
        self._name = name
        self._idle = idle
        self._idle_s = idle_s
        self._is_stuck = False
        self._start()

    def do(self, work: Work, timeout_s: float) -> bool:
        """Do something and wait for it.

        Args:
            work: Must not raise.
            timeout_s: How long to wait for it and all that was posted before it `[s]`.

        Returns:
            Whether it was done in time; if not, it may still be going on.
        """
        if threading.current_thread() is self._thread:
            work()
            return True
        done = threading.Event()

        def tell() -> None:
            try:
                work()
            finally:
                done.set()

        if self._is_stuck or not self.post(tell) or not done.wait(timeout_s):
            self._replace()
            return False
        return True

    def post(self, work: Work) -> bool:
        """Have something done some time; tell whether there was room for it."""
        if self._waiting.qsize() >= MAX_POSTED:
            return False
        self._waiting.put(work)
        return True

    def stop(self) -> None:
        """End the thread once all is done that was posted; returns at once."""
        self._waiting.put(None)

    def _start(self) -> None:
        # The only queue that a signal handler may use while its own thread is in it.
        self._waiting: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        work = (self._waiting, self._idle, self._idle_s)
        self._thread = threading.Thread(target=_work, args=work, name=self._name, daemon=True)
        self._thread.start()

    def _replace(self) -> None:
        self.stop()  # should it ever come back
        try:
            self._start()
        except RuntimeError:  # the interpreter ends
            self._is_stuck = True


def _work(waiting: queue.SimpleQueue[Work | None], idle: Work | None, idle_s: float | None) -> None:
    while True:
        try:
            work = waiting.get(timeout=idle_s)
        except queue.Empty:
            work = idle
        if work is None:
            return
        work()

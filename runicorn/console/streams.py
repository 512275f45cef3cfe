"""A stream that is heard: what is written to it is also kept, until it is read.

The stream stays the object it is: handlers and progress bars that hold it are heard as well, and it
says of itself what it said before. Writing costs one append to a queue and takes no lock.
"""

from __future__ import annotations

from collections import deque
from typing import Any

# What has not been read by then is dropped: memory is bounded [characters].
MAX_WAITING = 64 << 20


class StreamTee:
    """A stream of Python whose `write` is heard."""

    def __init__(self, stream: Any) -> None:
        """Begin to hear.

        Raises:
            AttributeError, TypeError: Its `write` can't be replaced.
        """
        self._stream = stream
        self._texts: deque[str] = deque()
        self._n_waiting = self._n_dropped = 0
        self._is_open = True
        self._before: Any = vars(stream).get("write")
        self._original = stream.write
        self._patch = self._write
        stream.write = self._patch

    def read(self) -> str:
        """Return what was written since the last call."""
        texts = [self._texts.popleft() for _ in range(len(self._texts))]
        self._n_waiting = 0
        if self._n_dropped:
            texts.append(f"\n[{self._n_dropped} characters came too fast to be kept]\n")
            self._n_dropped = 0
        return "".join(texts)

    def carries(self, stream: object) -> bool:
        """Tell whether it is this stream."""
        return stream is self._stream

    def look_after(self) -> None:
        """Do nothing."""

    def flush(self, *, lagging_only: bool) -> None:
        """Do nothing: what is written is heard at once."""

    def settle(self, timeout_s: float) -> None:
        """Return at once: nothing is ever on its way."""

    def release(self) -> None:
        """Let the stream be as it was, unless somebody has put something on top."""
        self._is_open = False
        if vars(self._stream).get("write") is not self._patch:
            return
        if self._before is None:
            del self._stream.write
        else:
            self._stream.write = self._before

    def close(self) -> None:
        """Do nothing."""

    def abandon(self) -> None:
        """Hear nothing any more."""
        self.release()
        self._texts.clear()

    def _write(self, text: Any, *more: Any, **named: Any) -> Any:
        answer = self._original(text, *more, **named)
        if self._is_open and isinstance(text, str):
            if self._n_waiting < MAX_WAITING:
                self._texts.append(text)
                self._n_waiting += len(text)
            else:
                self._n_dropped += len(text)
        return answer

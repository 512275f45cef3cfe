"""The one clock: every time in Runicorn is UTC seconds as a float."""

from __future__ import annotations

import time

now = time.time
"""Return the current time (`[s]` since the epoch, UTC)."""

monotonic = time.monotonic
"""Return a time for measuring durations (`[s]`); it never jumps back."""

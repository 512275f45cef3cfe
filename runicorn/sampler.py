"""Sampler: asks the plugins to measure the machine, again and again, at a bounded cost."""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import suppress

from runicorn.plugins.hookspecs import RecordingRun
from runicorn.plugins.manager import Plugins

HOOK = "runicorn_system_sample"
KIND = "system"
# So that a run of a few seconds has a sample as well [s].
FIRST_S = 1.0
# The share of one core that samples may take; dearer ones come less often.
SHARE = 0.01

_log = logging.getLogger("runicorn")


class Sampler(threading.Thread):
    """Records one ``system`` event after the other until it is told to stop."""

    def __init__(self, run: RecordingRun, plugins: Plugins) -> None:
        super().__init__(name=f"runicorn-sampler-{run.id}", daemon=True)
        self._recorded = run
        self._plugins = plugins
        self._interval_s: float = run.settings["system_interval_s"]
        self._stopping = threading.Event()

    def stop(self, timeout_s: float) -> None:
        """Take no further sample; wait for one that is being taken, but not for long."""
        self._stopping.set()
        if self is not threading.current_thread():
            with suppress(RuntimeError):  # it was never started
                self.join(timeout_s)

    def run(self) -> None:
        """Sample until stopped."""
        pause_s = min(FIRST_S, self._interval_s)
        while not self._stopping.wait(pause_s):
            began = time.thread_time()
            try:
                self._sample(self._recorded)
            except Exception as error:  # noqa: BLE001 - promise 5: nothing of ours stops a run
                name = self._recorded.id
                _log.warning("run %s: the hardware is not sampled any more: %s", name, error)
                return
            pause_s = max(self._interval_s, (time.thread_time() - began) / SHARE)

    def _sample(self, run: RecordingRun) -> None:
        sample: dict[str, float] = {}
        for plugin, answer in self._plugins.each(HOOK, run=run):
            if self._stopping.is_set():
                return
            try:
                sample |= numbers_of(answer)
            except (TypeError, ValueError, AttributeError) as error:
                self._plugins.warn_once(plugin, HOOK, repr(error))
        if sample:
            run.record(KIND, sample)


def numbers_of(answer: dict[str, float]) -> dict[str, float]:
    """Take the finite numbers of an answer; what could not be measured may be NaN.

    Raises:
        AttributeError: It is no dictionary.
        TypeError: A value is no number.
        ValueError: A value is a text that is no number.
    """
    return {
        str(key): value if isinstance(value, int) else float(value)
        for key, value in answer.items()
        if math.isfinite(value)
    }

"""Collectors: the threads that ask plugins about a run's surroundings while it records."""

from __future__ import annotations

from runicorn.environment import Capture
from runicorn.plugins.hookspecs import RecordingRun
from runicorn.plugins.manager import Plugins
from runicorn.sampler import Sampler

# `finish` waits this long for the environment and for a sample that is being taken [s].
CAPTURE_S = 2.0
SAMPLE_S = 0.5


class Collectors:
    """What runs beside a run according to its settings; neither `start` nor `stop` ever raises."""

    def __init__(self, run: RecordingRun, plugins: Plugins, *, is_first: bool = True) -> None:
        """Prepare the threads.

        Args:
            run: The run.
            plugins: Those of the run.
            is_first: Whether this process made the run; others leave its environment alone.
        """
        settings = run.settings
        captures = settings["capture_env"] and is_first
        self._capture = Capture(run, plugins) if captures else None
        self._sampler = Sampler(run, plugins) if settings["system_metrics"] else None

    def start(self) -> None:
        """Start the threads."""
        for thread in (self._capture, self._sampler):
            if thread is not None:
                thread.start()

    def stop(self) -> None:
        """Stop the threads and wait for them, but not for long.

        To be called before the journal is closed and without any lock that `Run.record` takes.
        """
        if self._sampler is not None:
            self._sampler.stop(SAMPLE_S)
        if self._capture is not None:
            self._capture.stop(CAPTURE_S)

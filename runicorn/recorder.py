"""The recorder of a run: its journals and documents, kept up whatever the disk does.

A line is with the kernel when `Recorder.append` has returned. Trouble with the disk is warned about
once of each kind; lines wait in memory until the disk takes them again.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runicorn import clock, processes
from runicorn.best import BestMetric
from runicorn.events import encode
from runicorn.files import write_json
from runicorn.inputs import merge
from runicorn.journal import JournalWriter
from runicorn.layout import RunDir
from runicorn.states import HEARTBEAT_S
from runicorn.worker import Worker

# How long the end of a run may wait for the disk, and its pause between two tries [s].
DISK_S = 6.0
RETRY_S = 0.2
# How long the end waits for a thread that is just writing, and a heartbeat may derive [s].
LOCK_S = 1.0
BEST_S = 1.0

_log = logging.getLogger("runicorn")


@dataclass(frozen=True, slots=True)
class Start:
    """Where a recorder takes up.

    Attributes:
        folder: The run's folder; it exists.
        rank: Which process of the run this is; rank 0 alone writes documents.
        attempt: From 1.
        step: The last step of the attempts before `[steps]`.
        config: The content of ``config.json``.
        summary: The content of ``summary.json``.
    """

    folder: RunDir
    rank: int = 0
    attempt: int = 1
    step: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


class Recorder:
    """Writes the files of one run from one process.

    Attributes:
        config: What ``config.json`` holds.
        summary: What ``summary.json`` holds.
        attempt: Which attempt this is, from 1.
        is_closed: Whether nothing more is recorded.
    """

    def __init__(self, start: Start) -> None:
        """Open the journals.

        Raises:
            ConflictError: Another process records the run.
            OSError: They can't be opened.
        """
        self.config, self.summary = start.config, start.summary
        self.attempt = start.attempt
        self.is_closed = False
        self._folder = folder = start.folder
        self._is_lead = start.rank == 0
        self._journal = JournalWriter(folder.journal_of(start.rank))
        self._logs = JournalWriter(folder.logs_of(start.rank))
        self._best = self._best_metric()
        self._status: dict[str, Any] = {"attempt": start.attempt}
        # Re-entrant: a signal handler may log as well.
        self.lock, self._log_lock = threading.RLock(), threading.RLock()
        self._documents = threading.RLock()
        self._warned: set[str] = set()
        me = weakref.ref(self)
        self._keeper = Worker("runicorn-keeper", lambda: _beat(me), HEARTBEAT_S)

    def begin(self, *, resumed_at_step: int | None = None) -> None:
        """Say that the attempt has begun, and by which process.

        Args:
            resumed_at_step: Earlier points at or after it are superseded `[steps]`.
        """
        if self.attempt > 1:
            said = {"attempt": self.attempt, "resumed_at_step": resumed_at_step}
            self.append(clock.now(), "attempt", said)
        if self._is_lead:
            self._set_status(
                status="running",
                started_at=clock.now(),
                pid=os.getpid(),
                pid_started_at=processes.started_at(),
                hostname=processes.hostname(),
                boot_id=processes.boot_id(),
                pid_namespace=processes.pid_namespace(),
            )
            self._write(self._folder.config, self.config)

    def append(self, ts: float, kind: str, data: dict[str, Any]) -> None:
        """Append an event to the journal.

        Args:
            ts: `[s]`
            kind: Its type.
            data: JSON values.
        """
        self._journal.append(encode(ts, kind, data))
        if self._journal.error is not None:
            self._warn_of_disk(self._journal)

    def append_all(self, ts: float, events: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Append events in one write: a kill leaves all of them or none.

        Args:
            ts: `[s]`
            events: (type, data) of each.
        """
        self._journal.append(b"".join(encode(ts, kind, data) for kind, data in events))
        if self._journal.error is not None:
            self._warn_of_disk(self._journal)

    def write_log(self, text: str) -> None:
        """Append text to the log; dropped once it is closed."""
        with self._log_lock:
            if not self._logs.is_closed:
                self._logs.append(text.encode("utf-8", "backslashreplace"))
                if self._logs.error is not None:
                    self._warn_of_disk(self._logs)

    def change_config(self, changes: Mapping[str, Any]) -> None:
        """Record changes of the config; nested dictionaries are merged."""
        with self.lock:
            self.append(clock.now(), "config", dict(changes))
        with self._documents:
            merge(self.config, changes)
            if self._is_lead:
                self._write(self._folder.config, self.config)

    def change_summary(self, changes: Mapping[str, Any]) -> None:
        """Record changes of the summary; what follows the primary metric begins anew with it."""
        with self.lock:
            self.append(clock.now(), "summary", dict(changes))
        with self._documents:
            self.summary.update(changes)
            if "best_metric_name" in changes:
                for key in ("best_metric_value", "best_metric_step"):
                    self.summary.pop(key, None)  # those of the metric before
                self._best = self._best_metric()
            if self._is_lead:
                self._write(self._folder.summary, self.summary)

    def close(self) -> bool:
        """Record nothing more; tell whether it was still open."""
        # Another thread may hang in a write; the end does not wait for it for ever.
        is_held = self.lock.acquire(timeout=LOCK_S)
        was_open, self.is_closed = not self.is_closed, True
        if is_held:
            self.lock.release()
        return was_open

    def end(self, status: str, reason: str | None, exit_code: int) -> None:
        """Write the end of the run, within a bounded time.

        Args:
            status: ``finished``, ``failed`` or ``interrupted``.
            reason: Why.
            exit_code: Of the process.
        """
        said = {"status": status, "exit_code": exit_code, "reason": reason}
        if not self._keeper.do(lambda: self._end(said), DISK_S + 1.0):
            self.warn("slow", f"{self._folder.path}: the disk does not answer")

    def close_log(self, timeout_s: float) -> None:
        """Close the log and end the thread; waits so long at most `[s]`."""
        self._keeper.do(self._logs.close, timeout_s)
        self._keeper.stop()

    def warn(self, about: str, message: str) -> None:
        """Warn about something once.

        Args:
            about: What must not be told again.
            message: In plain words.
        """
        if about not in self._warned:
            self._warned.add(about)
            _log.warning("run %s: %s", self._folder.id, message)

    def abandon(self) -> None:
        """Leave the files to the parent: for a forked child, which shares the descriptors."""
        # Another thread may have held them when the process forked.
        self.lock, self._log_lock = threading.RLock(), threading.RLock()
        self._documents = threading.RLock()
        self.is_closed = True
        self._journal.abandon()
        self._logs.abandon()

    def beat(self) -> None:
        """Give a sign of life, and write what waits."""
        if self.is_closed:
            return
        with self.lock:
            self._journal.retry()
        with self._log_lock:
            self._logs.retry()
        if self._is_lead:  # without the lock: `log` waits for no document
            self._set_status()
            self._write_best(BEST_S)

    def _end(self, said: dict[str, Any]) -> None:
        self._journal.append(encode(clock.now(), "finish", said))
        self._set_final(said)  # before anything that may take its time
        until, tick = clock.monotonic() + DISK_S, threading.Event()
        while self._journal.n_waiting and clock.monotonic() < until:
            tick.wait(RETRY_S)
            self._journal.retry()
        n_lost = self._journal.n_lost + self._journal.n_waiting
        if n_lost:
            lost = f"{n_lost} lines could not be written: {self._journal.error}"
            self.warn("lost", f"{self._journal.path}: {lost}")
            said["reason"] = "\n".join(filter(None, (said["reason"], lost)))
            self._set_final(said)
        self._journal.close()
        if self._is_lead:
            self._write_best(max(0.0, until - clock.monotonic()))

    def _set_final(self, said: Mapping[str, Any]) -> None:
        if self._is_lead:
            self._set_status(
                status=said["status"],
                ended_at=clock.now(),
                exit_reason=said["reason"],
                exit_code=said["exit_code"],
            )

    def _set_status(self, **changes: object) -> None:
        with self._documents:
            self._status |= changes
            self._status["heartbeat_at"] = clock.now()
            self._write(self._folder.status, self._status)

    def _write_best(self, budget_s: float) -> None:
        """Derive the best value as far as the time goes; readers derive it from the points."""
        best = self._best
        if best is None:
            return
        with suppress(OSError):
            if not best.catch_up(budget_s):
                return
        with self._documents:
            if best is self._best:
                self.summary.update(best.as_summary())
                self._write(self._folder.summary, self.summary)

    def _best_metric(self) -> BestMetric | None:
        name, mode = self.summary.get("best_metric_name"), self.summary.get("best_metric_mode")
        if isinstance(name, str) and mode in ("max", "min"):
            return BestMetric(self._folder.journal, name, mode, is_resumed=self.attempt > 1)
        return None

    def _write(self, path: Path, document: dict[str, Any]) -> None:
        try:
            write_json(path, document)
        except OSError as error:
            self.warn("document", f"{path} can't be written: {error}")

    def _warn_of_disk(self, journal: JournalWriter) -> None:
        if journal.n_lost:
            self.warn(
                "full",
                f"{journal.path}: too much waits for the disk, so lines are lost now",
            )
            return
        self.warn(
            "disk",
            f"{journal.path} can't be written: {journal.error}. "
            "What is logged waits in memory and is written when the disk takes it again.",
        )


def _beat(reference: weakref.ref[Recorder]) -> None:
    recorder = reference()
    if recorder is not None:
        recorder.beat()

"""Run: records one run into its folder.

Every `log` is one line written before it returns. Wrong use raises at once and writes nothing;
trouble with the disk or a plugin is warned about once and recording goes on.
"""

from __future__ import annotations

import os
import sys
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from runicorn import clock, ending
from runicorn.best import Mode
from runicorn.collectors import Collectors
from runicorn.ending import FinalStatus, ending_of
from runicorn.errors import InvalidValueError, RunClosedError, UsageError
from runicorn.facts import RunFacts
from runicorn.ids import check_key
from runicorn.inputs import Config
from runicorn.media.foreign import Wrapper
from runicorn.media.logging import MediaLogging
from runicorn.outputs import Summary
from runicorn.plugins.manager import Plugins
from runicorn.recorder import Recorder, Start
from runicorn.states import FINAL
from runicorn.values import (
    MAX_STEP,
    Flattener,
    MediaAside,
    check_stage,
    check_step,
    plain_document,
)

# What `finish` takes at most; the last second is kept for closing the log [s].
FINISH_S = 10.0
LAST_S = 1.0
# How long a text waits for plugins that are told before [s].
BEFORE_TEXT_S = 0.5
Level = Literal["info", "warning", "error"]


class Run(RunFacts, MediaLogging):
    """One run that is being recorded; also a context manager.

    Leaving the ``with`` block by an exception ends the run as ``failed``, by Ctrl+C as
    ``interrupted``. All methods may be called from any thread. A pickled run is its id.
    """

    def __init__(
        self, start: Start, root: Path, plugins: Plugins, settings: Mapping[str, Any]
    ) -> None:
        """Open the files of a run; use `runicorn.init` instead.

        Raises:
            ConflictError: Another process records it.
            OSError: The files can't be opened.
        """
        super().__init__(start.folder, root, start.rank, settings)
        self._step = start.step
        self._plugins = plugins
        self._flattener = Flattener(plugins.convert, Wrapper(plugins).wrap)
        self._recorder = Recorder(start)
        self._config = Config(start.config, self._change_config)
        self._summary = Summary(start.summary, self._change_summary)
        self._collectors = Collectors(self, plugins, is_first=start.rank == 0)
        self._has_listeners = plugins.has_listeners("runicorn_logged")
        self._is_fork = False
        _open_runs.add(self)
        ending.add(self)

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1; a resumed run is the next."""
        return self._recorder.attempt

    @property
    def step(self) -> int:
        """The last step logged, also of earlier attempts; 0 before the first `[steps]`."""
        return self._step

    @property
    def is_active(self) -> bool:
        """Whether it still records."""
        return not self._recorder.is_closed

    @property
    def config(self) -> Config:
        """The inputs of the run; changes are recorded."""
        return self._config

    @config.setter
    def config(self, values: object) -> None:
        self._config.update(values)

    @property
    def summary(self) -> Summary:
        """The outputs of the run, which can be called: ``run.summary({"score": 1})``."""
        return self._summary

    def log(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        step: int | None = None,
        stage: str | None = None,
        **metrics: Any,
    ) -> None:
        """Record scalars and media at one step; when it has returned, ``kill -9`` loses nothing.

        Args:
            data: Values by key; nested dictionaries are joined with ``/``. Numbers of Python,
                NumPy, PyTorch, JAX and TensorFlow with one element; NaN and infinities are kept.
                Media such as `runicorn.Image`, lists of them, and what they take as it is.
            step: `[steps]`; one more than the last when ``None``. Steps may repeat or go back.
            stage: A short text such as ``train``.
            **metrics: Further values.

        Raises:
            InvalidValueError: A key, value, step or stage is refused; nothing was written.
            RunClosedError: The run was finished before.
        """
        if metrics:
            data = _merge(data, metrics)
        recorder = self._recorder
        with recorder.lock:
            if recorder.is_closed:
                self._refuse("log")
                return
            flat = self._flattener.flatten(data) if isinstance(data, dict) else self._flatten(data)
            number = self._step + 1 if step is None else check_step(step)
            if number > MAX_STEP:
                raise InvalidValueError("step", number, "is beyond 64 bits; give a step")
            ts = clock.now()
            if not isinstance(flat, MediaAside):
                flat["global_step"] = number
                flat["time"] = ts
                if stage is not None:
                    flat["stage"] = check_stage(stage)
                recorder.append(ts, "metrics", flat)
                self._step = number
                if not self._has_listeners:
                    return
        if isinstance(flat, MediaAside):
            self._log_aside(flat, step, stage)
        else:
            self._tell(ts, "metrics", flat)

    def log_text(self, text: str) -> None:
        """Add text to the run's log, each line with the local time.

        Raises:
            InvalidValueError: It is no text.
            RunClosedError: The run was finished before.
        """
        if not isinstance(text, str):
            raise InvalidValueError("text", text, f"log_text takes a text, not {text!r}")
        if not self._is_open("log_text"):
            return
        self._plugins.notify("runicorn_before_text", BEFORE_TEXT_S, run=self, text=text)
        clock_time = time.strftime("%H:%M:%S")
        self.write_log("".join(f"{clock_time} | {line}\n" for line in text.split("\n")))

    def write_log(self, text: str) -> None:
        """Append text to ``logs.txt`` as it is; for plugins.

        It is taken until ``runicorn_run_finished`` has been called, and dropped then.
        """
        self._recorder.write_log(text)

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """Append an event of another type than ``metrics``; dropped once the run has ended.

        Args:
            kind: The type of the event, such as ``system``.
            data: What it says; numbers of other libraries become Python's.

        Raises:
            InvalidValueError: It is nested too deep, or ``metrics``, which `log` is for.
        """
        if kind in {"", "metrics"}:
            raise InvalidValueError("kind", kind, "is no type of an event that can be recorded")
        plain, ts = plain_document(data, self._plugins.convert), clock.now()
        with self._recorder.lock:
            if self._recorder.is_closed:
                return
            self._recorder.append(ts, kind, plain)
        self._tell(ts, kind, plain)

    def set_primary_metric(self, name: str, mode: Mode = "max") -> None:
        """Say which metric tells how good the run is; its best value is tracked and shown.

        Args:
            name: The metric's key; it may be logged later.
            mode: Whether ``max`` or ``min`` is best.

        Raises:
            InvalidValueError: The key can't be one.
            UsageError: The mode is neither ``max`` nor ``min``.
            RunClosedError: The run was finished before.
        """
        check_key(name)
        if mode not in ("max", "min"):
            raise UsageError(f"mode is 'max' or 'min', not {mode!r}")
        if self._is_open("set_primary_metric"):
            self._summary({"best_metric_name": name, "best_metric_mode": mode})

    def define_metric(
        self,
        name: str,
        goal: Mode | None = None,
        unit: str | None = None,
        step_metric: str | None = None,
        *,
        hidden: bool = False,
    ) -> None:
        """Say how metrics are to be read; a later definition of the same name replaces it.

        Args:
            name: A key, or a pattern such as ``val/*``.
            goal: Whether ``max`` or ``min`` is good.
            unit: Of its values, such as ``s``.
            step_metric: The metric to draw it over, instead of the step.
            hidden: Whether charts leave it out unless they are asked.

        Raises:
            InvalidValueError: The name or the step metric can't be a key.
            UsageError: The goal is neither ``max`` nor ``min``.
            RunClosedError: The run was finished before.
        """
        check_key(name)
        if step_metric is not None:
            check_key(step_metric)
        if goal not in ("max", "min", None):
            raise UsageError(f"goal is 'max' or 'min', not {goal!r}")
        if not self._is_open("define_metric"):
            return
        said = {"goal": goal, "unit": unit, "step_metric": step_metric, "hidden": hidden or None}
        given = {key: value for key, value in said.items() if value is not None}
        self.record("define_metric", {"name": name, **given})

    def alert(self, title: str, text: str = "", level: Level = "info") -> None:
        """Tell of something that somebody should look at; it is kept, shown and told to plugins.

        Args:
            title: A line.
            text: More of it.
            level: ``info``, ``warning`` or ``error``.

        Raises:
            InvalidValueError: Title or text is no text, or the title is empty.
            UsageError: There is no such level.
            RunClosedError: The run was finished before.
        """
        if not str(title).strip():
            raise InvalidValueError("title", title, "an alert has a title")
        if level not in ("info", "warning", "error"):
            raise UsageError(f"level is 'info', 'warning' or 'error', not {level!r}")
        if not self._is_open("alert"):
            return
        alert = {"title": str(title), "text": str(text), "level": str(level)}
        self.record("alert", alert)
        self._plugins.tell("runicorn_alert", run=self, alert=alert)

    def finish(
        self,
        status: FinalStatus = "finished",
        *,
        reason: str | None = None,
        exit_code: int | None = None,
    ) -> None:
        """End the run; calling it again does nothing. It returns within 10 s whatever happens.

        Args:
            status: ``finished``, ``failed`` or ``interrupted``.
            reason: Why it ended, such as a traceback.
            exit_code: Of the process; 0 or 1 when ``None``.

        Raises:
            UsageError: The status is none of these.
        """
        if status not in FINAL:
            raise UsageError(f"status is one of {', '.join(sorted(FINAL))}, not {status!r}")
        until = clock.monotonic() + FINISH_S
        if self.is_active:
            self._collectors.stop()  # without the lock: a sample may wait for it
        if not self._recorder.close():
            return
        if exit_code is None:
            exit_code = 0 if status == "finished" else 1
        self._recorder.end(status, reason, exit_code)
        self._plugins.drain()
        left_s = until - clock.monotonic() - LAST_S
        self._plugins.notify("runicorn_run_finished", left_s, run=self, status=status)
        self._recorder.close_log(LAST_S)
        self._plugins.close()
        ending.remove(self)
        _open_runs.discard(self)
        self._say_where(status)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            status, reason = ending.ending_without_error()
            self.finish(status, reason=reason)
        else:
            status, reason, exit_code = ending_of(error)
            self.finish(status, reason=reason, exit_code=exit_code)

    def __repr__(self) -> str:
        return f"<runicorn.Run {self.id} of {self.project}/{self.name}>"

    def __reduce__(self) -> tuple[Callable[..., Run], tuple[object, ...]]:
        from runicorn.silent import unpickle

        return unpickle, (str(self.root), self.project, self.name, self.id)

    def begin(self, changes: Mapping[str, Any], *, resumed_at_step: int | None = None) -> None:
        """Say that the run has begun; `runicorn.init` has done it.

        Args:
            changes: Of the config.
            resumed_at_step: Earlier points at or after it are superseded `[steps]`.
        """
        self._recorder.begin(resumed_at_step=resumed_at_step)
        if changes:
            self._config.update(changes)
        self._plugins.notify("runicorn_run_started", run=self)
        self._collectors.start()

    def _log_aside(self, flat: MediaAside, step: int | None, stage: str | None) -> None:
        """Write the files of media, then their events and the scalars of the call in one write."""
        from runicorn.media.writing import write_media

        said: dict[str, Any] = {} if stage is None else {"stage": check_stage(stage)}
        # Without the lock: encoding a film takes long, and others log meanwhile.
        written = write_media(self._folder, flat.media, self._plugins.convert)
        if written.error is not None:
            self._recorder.warn(
                "media", f"media can't be written and are left out: {written.error}"
            )
        with self._recorder.lock:
            if self._recorder.is_closed:
                written.discard()
                self._refuse("log")
                return
            ts, number = clock.now(), self._step + 1 if step is None else check_step(step)
            events = [(kind, {**data, "step": number, **said}) for kind, data in written.events]
            if flat:
                events.append(("metrics", {**flat, "global_step": number, "time": ts, **said}))
            if events:
                self._recorder.append_all(ts, events)
            self._step = number
        for kind, data in events if self._has_listeners else ():
            self._tell(ts, kind, data)

    def _flatten(self, data: object) -> dict[str, Any]:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            raise InvalidValueError("data", data, f"log takes a dictionary, not {data!r}")
        return self._flattener.flatten(data)

    def _change_config(self, changes: Mapping[str, Any]) -> None:
        plain = plain_document(changes, self._plugins.convert)
        if plain and self._is_open("config"):
            self._recorder.change_config(plain)

    def _change_summary(self, changes: Mapping[str, Any]) -> None:
        plain = plain_document(changes, self._plugins.convert)
        if self._is_open("summary"):
            self._recorder.change_summary(plain)

    def _tell(self, ts: float, kind: str, data: dict[str, Any]) -> None:
        event = {"ts": ts, "type": kind, "data": data}
        self._plugins.tell("runicorn_logged", run=self, event=event)

    def _is_open(self, call: str) -> bool:
        if self._recorder.is_closed:
            self._refuse(call)
        return not self._recorder.is_closed

    def _refuse(self, call: str) -> None:
        if not self._is_fork:
            raise RunClosedError(self.id, call)
        self._recorder.warn("fork", "a forked child does not record into its parent's run")

    def _say_where(self, status: str) -> None:
        if self._rank or sys.stderr is None:
            return
        with suppress(OSError, ValueError):  # closed, or nobody reads it any more
            sys.stderr.write(
                f"runicorn: run {self.id} {status}: {self.run_dir}\n"
                f"runicorn: see it with `runicorn-server --root {self.root}`: {self.url}\n"
            )


def _merge(data: Mapping[str, Any] | None, metrics: dict[str, Any]) -> dict[str, Any]:
    if data is None:
        return metrics
    if not isinstance(data, Mapping):
        raise InvalidValueError("data", data, f"log takes a dictionary, not {data!r}")
    for key, value in metrics.items():
        if key in data:
            raise InvalidValueError(key, value, "is given twice in one call")
    return {**data, **metrics}


_open_runs: weakref.WeakSet[Run] = weakref.WeakSet()


def find_open(root: Path, run_id: str) -> Run | None:
    """Return the run with this id that this process records, or ``None``."""
    return next((run for run in _open_runs if (run.root, run.id) == (root, run_id)), None)


def _abandon_open_runs() -> None:
    for run in list(_open_runs):
        run._is_fork = True  # noqa: SLF001 - the other half of Run
        run._recorder.abandon()  # noqa: SLF001


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_open_runs)

"""Run: records one run into its folder.

Every `log` is one line written before it returns. Wrong use raises at once and writes nothing;
trouble with the disk or a plugin is warned about once and recording goes on.
"""

from __future__ import annotations

import getpass
import logging
import os
import platform
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

from runicorn import clock, processes
from runicorn.best import BestMetric, Mode
from runicorn.collectors import Collectors
from runicorn.errors import InvalidValueError, RunClosedError, RunExistsError, UsageError
from runicorn.events import encode
from runicorn.files import write_json
from runicorn.ids import check_key, new_run_id
from runicorn.journal import JournalWriter
from runicorn.layout import RunDir, run_dir
from runicorn.plugins.manager import Plugins
from runicorn.redaction import redact_argv
from runicorn.settings import SETTINGS, Settings
from runicorn.states import FINAL, HEARTBEAT_S
from runicorn.values import Flattener, check_stage, check_step, plain_document

FinalStatus = Literal["finished", "failed", "interrupted"]
FORMAT = 2
# Where `runicorn-server` listens when nothing else is said.
SERVER_ADDRESS = "http://127.0.0.1:23300"

_log = logging.getLogger("runicorn")


class Run:
    """One run that is being recorded; also a context manager.

    Leaving the ``with`` block by an exception ends the run as ``failed``, by Ctrl+C as
    ``interrupted``. All methods may be called from any thread.
    """

    def __init__(
        self, folder: RunDir, root: Path, plugins: Plugins, settings: Mapping[str, Any]
    ) -> None:
        """Open the journals of a run whose folder was just made; use `start` instead."""
        self._folder = folder
        self._settings = dict(settings)
        self._root = root
        self._plugins = plugins
        self._flattener = Flattener(plugins.convert)
        self._lock = threading.RLock()  # re-entrant: a signal handler may log as well
        self._journal = JournalWriter(folder.journal)
        self._logs = JournalWriter(folder.logs)
        self._step = 0
        self._status: dict[str, Any] = {}
        self._summary: dict[str, Any] = {}
        self._best: BestMetric | None = None
        self._is_closed = False
        self._is_fork = False
        self._has_warned = False
        self._ending = threading.Event()
        self._collectors = Collectors(self, plugins)
        _open_runs.add(self)

    @classmethod
    def start(
        cls,
        project: str = "default",
        name: str = "default",
        *,
        config: Mapping[str, Any] | None = None,
        tags: Sequence[str] = (),
        notes: str | None = None,
        group: str | None = None,
        job_type: str | None = None,
        run_id: str | None = None,
        storage: str | os.PathLike[str] | None = None,
        plugins: Sequence[object] = (),
    ) -> Run:
        """Make a run's folder and start to record into it; see `runicorn.init`."""
        if isinstance(tags, str):
            raise UsageError(f"tags is a list of texts, not the text {tags!r}")
        if not isinstance(config, Mapping | None):
            raise InvalidValueError("config", config, f"takes a dictionary, not {config!r}")
        settings = Settings()
        root = settings.find_root(storage)
        values = {key: settings.find(key).value for key in SETTINGS}
        loaded = Plugins(plugins, values["plugins"])
        inputs = plain_document(config or {}, loaded.convert)
        folder = _make_folder(root, project, name, run_id)
        run = cls(folder, root, loaded, values)
        described = {"group": group, "job_type": job_type, "notes": notes, "tags": list(tags)}
        write_json(folder.meta, _meta(folder, root, described))
        run._set_status(status="running", started_at=clock.now(), attempt=1)
        run._set_config(inputs)
        threading.Thread(
            target=_beat,
            args=(weakref.ref(run), run._ending),
            name="runicorn-heartbeat",
            daemon=True,
        ).start()
        run._plugins.notify("runicorn_run_started", run=run)
        run._collectors.start()
        return run

    @property
    def id(self) -> str:
        """The run's id, also the name of its folder."""
        return self._folder.id

    @property
    def project(self) -> str:
        """The project's name."""
        return self._folder.project

    @property
    def name(self) -> str:
        """The experiment's name, parts joined by ``/``."""
        return self._folder.name

    @property
    def root(self) -> Path:
        """The root that the run lies in."""
        return self._root

    @property
    def run_dir(self) -> Path:
        """The run's folder."""
        return self._folder.path

    @property
    def settings(self) -> Mapping[str, Any]:
        """What is set for this run, by the names of `runicorn.settings.SETTINGS`."""
        return MappingProxyType(self._settings)

    @property
    def url(self) -> str:
        """Where the run is shown once `runicorn-server` runs on this machine."""
        return f"{SERVER_ADDRESS}/r/{self.id}"

    def log(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        step: int | None = None,
        stage: str | None = None,
        **metrics: Any,
    ) -> None:
        """Record scalars at one step; when it has returned, ``kill -9`` loses nothing.

        Args:
            data: Values by key; nested dictionaries are joined with ``/``. Numbers of Python,
                NumPy, PyTorch, JAX and TensorFlow with one element; NaN and infinities are kept.
            step: `[steps]`; one more than the last when ``None``. Steps may repeat or go back.
            stage: A short text such as ``train``.
            **metrics: Further values.

        Raises:
            InvalidValueError: A key, value, step or stage is refused; nothing was written.
            RunClosedError: The run was finished before.
        """
        if metrics:
            data = _merge(data, metrics)
        with self._lock:
            if self._is_closed:
                self._refuse("log")
                return
            flat = self._flattener.flatten(data) if isinstance(data, dict) else self._flatten(data)
            number = self._step + 1 if step is None else check_step(step)
            ts = clock.now()
            flat["global_step"] = number
            flat["time"] = ts
            if stage is not None:
                flat["stage"] = check_stage(stage)
            self._journal.append(encode(ts, "metrics", flat))
            self._step = number
            if self._journal.error is not None:
                self._warn_of_disk(self._journal)

    def log_text(self, text: str) -> None:
        """Add text to the run's log, each line with the local time.

        Raises:
            InvalidValueError: It is no text.
            RunClosedError: The run was finished before.
        """
        if not isinstance(text, str):
            raise InvalidValueError("text", text, f"log_text takes a text, not {text!r}")
        clock_time = time.strftime("%H:%M:%S")
        lines = "".join(f"{clock_time} | {line}\n" for line in text.split("\n"))
        with self._lock:
            if self._is_closed:
                self._refuse("log_text")
                return
            self.write_log(lines)

    def write_log(self, text: str) -> None:
        """Append text to ``logs.txt`` as it is; for plugins, dropped once the run has ended."""
        with self._lock:
            if self._is_closed:
                return
            self._logs.append(text.encode("utf-8", "backslashreplace"))
            if self._logs.error is not None:
                self._warn_of_disk(self._logs)

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """Append an event of another type than ``metrics``; dropped once the run has ended.

        Args:
            kind: The type of the event, such as ``system``.
            data: What it says; numbers of other libraries become Python's.
        """
        plain = plain_document(data, self._plugins.convert)
        with self._lock:
            if self._is_closed:
                return
            self._journal.append(encode(clock.now(), kind, plain))
            if self._journal.error is not None:
                self._warn_of_disk(self._journal)

    def summary(self, update: Mapping[str, Any]) -> None:
        """Set outputs of the run; later values replace earlier ones of the same key.

        Raises:
            InvalidValueError: It is no dictionary.
            RunClosedError: The run was finished before.
        """
        if not isinstance(update, Mapping):
            raise InvalidValueError("summary", update, f"takes a dictionary, not {update!r}")
        with self._lock:
            if self._is_closed:
                self._refuse("summary")
                return
            changed = plain_document(update, self._plugins.convert)
            self._journal.append(encode(clock.now(), "summary", changed))
            self._summary |= changed
            self._write(self._folder.summary, self._summary)

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
        with self._lock:
            if self._is_closed:
                self._refuse("set_primary_metric")
                return
            self._best = BestMetric(self._folder.journal, name, mode)
            for key in ("best_metric_value", "best_metric_step"):
                self._summary.pop(key, None)  # those of the metric before
            self.summary({"best_metric_name": name, "best_metric_mode": mode})

    def finish(self, status: FinalStatus = "finished", *, reason: str | None = None) -> None:
        """End the run; calling it again does nothing.

        Args:
            status: ``finished``, ``failed`` or ``interrupted``.
            reason: Why it ended, such as a traceback.

        Raises:
            UsageError: The status is none of these.
        """
        if status not in FINAL:
            raise UsageError(f"status is one of {', '.join(sorted(FINAL))}, not {status!r}")
        self._collectors.stop()  # without the lock: a sample may wait for it
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._ending.set()
            exit_code = 0 if status == "finished" else 1
            said = {"status": status, "exit_code": exit_code, "reason": reason}
            self._journal.append(encode(clock.now(), "finish", said))
            self._journal.close()
            self._logs.close()
            self._write_best()
            self._set_status(
                status=status, ended_at=clock.now(), exit_reason=reason, exit_code=exit_code
            )
            _open_runs.discard(self)
        self._plugins.notify("runicorn_run_finished", run=self, status=status)
        self._say_where()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.finish()
        else:
            status, reason = ending_of(error)
            self.finish(status, reason=reason)

    def _flatten(self, data: object) -> dict[str, Any]:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            raise InvalidValueError("data", data, f"log takes a dictionary, not {data!r}")
        return self._flattener.flatten(data)

    def _set_config(self, inputs: dict[str, Any]) -> None:
        self._write(self._folder.config, inputs)
        if inputs:
            self._journal.append(encode(clock.now(), "config", inputs))

    def _set_status(self, **changes: object) -> None:
        self._status |= changes
        self._status["heartbeat_at"] = clock.now()
        self._write(self._folder.status, self._status)

    def _write_best(self) -> None:
        if self._best is None:
            return
        with suppress(OSError):
            self._best.catch_up()
        self._summary |= self._best.as_summary()
        self._write(self._folder.summary, self._summary)

    def _beat(self) -> None:
        with self._lock:
            if not self._is_closed:
                self._journal.retry()
                self._set_status()
                self._write_best()

    def _write(self, path: Path, document: dict[str, Any]) -> None:
        try:
            write_json(path, document)
        except OSError as error:
            self._warn_once(f"{path} can't be written: {error}")

    def _refuse(self, call: str) -> None:
        if not self._is_fork:
            raise RunClosedError(self.id, call)
        self._warn_once("a forked child does not record into its parent's run")

    def _warn_of_disk(self, journal: JournalWriter) -> None:
        self._warn_once(
            f"{journal.path} can't be written: {journal.error}. "
            "What is logged waits in memory and is written when the disk takes it again."
        )

    def _warn_once(self, message: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning("run %s: %s", self.id, message)

    def _say_where(self) -> None:
        state = self._status["status"]
        sys.stderr.write(f"runicorn: run {self.id} {state}: {self.run_dir}\n")
        sys.stderr.write(
            f"runicorn: see it with `runicorn-server --root {self.root}`: {self.url}\n"
        )

    def _abandon_in_child(self) -> None:
        self._lock = threading.RLock()  # another thread may have held it when the process forked
        self._is_closed = self._is_fork = True
        self._journal.abandon()
        self._logs.abandon()


def ending_of(error: BaseException) -> tuple[FinalStatus, str]:
    """Tell how a run ends that this exception leaves, and why."""
    text = "".join(traceback.format_exception(error))
    return ("interrupted" if isinstance(error, KeyboardInterrupt) else "failed"), text


def _merge(data: Mapping[str, Any] | None, metrics: dict[str, Any]) -> dict[str, Any]:
    if data is None:
        return metrics
    if not isinstance(data, Mapping):
        raise InvalidValueError("data", data, f"log takes a dictionary, not {data!r}")
    for key, value in metrics.items():
        if key in data:
            raise InvalidValueError(key, value, "is given twice in one call")
    return {**data, **metrics}


def _make_folder(root: Path, project: str, name: str, run_id: str | None) -> RunDir:
    while True:
        folder = run_dir(root, project, name, new_run_id() if run_id is None else run_id)
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.path.mkdir()
        except FileExistsError:
            if run_id is not None:
                raise RunExistsError(run_id, folder.path) from None
        else:
            return folder


def _meta(folder: RunDir, root: Path, described: dict[str, Any]) -> dict[str, Any]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = None
    return {
        "id": folder.id,
        "project": folder.project,
        "name": folder.name,
        "created_at": clock.now(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.release()} ({platform.machine()})",
        "hostname": processes.hostname(),
        "pid": os.getpid(),
        "storage_dir": str(root),
        "format": FORMAT,
        "user": user,
        "argv": redact_argv(sys.argv),
        "cwd": os.getcwd(),  # noqa: PTH109 - a text is wanted
        "boot_id": processes.boot_id(),
        "pid_started_at": processes.started_at(),
        **described,
    }


def _beat(reference: weakref.ref[Run], ending: threading.Event) -> None:
    """Renew the heartbeat until the run ends; a forgotten run may be collected meanwhile."""
    while not ending.wait(HEARTBEAT_S):
        run = reference()
        if run is None:
            return
        run._beat()  # noqa: SLF001 - the other half of Run
        del run


_open_runs: weakref.WeakSet[Run] = weakref.WeakSet()


def _abandon_open_runs() -> None:
    for run in list(_open_runs):
        run._abandon_in_child()  # noqa: SLF001 - the other half of Run


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_open_runs)

"""The active run of this process, and the module functions that act on it."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from runicorn.best import Mode
from runicorn.errors import RunClosedError
from runicorn.run import FinalStatus, Run, ending_of

_log = logging.getLogger("runicorn")
_lock = threading.RLock()
_active: Run | None = None
_is_watching_the_end = False


def init(
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
    """Start a run and make it the active one; an active run before it is finished with a warning.

    Args:
        project: The project's name.
        name: The experiment's name; may be a path such as ``resnet/ablation``.
        config: Inputs of the run, such as hyper-parameters; nested dictionaries are welcome.
        tags: Short texts to find the run by.
        notes: What the run is for.
        group: Runs that belong together.
        job_type: What kind of work it is, such as ``train``.
        run_id: An id of your own, ``[A-Za-z0-9][A-Za-z0-9._-]{0,127}``; drawn when it is ``None``.
        storage: The root; otherwise ``RUNICORN_DIR``, the user's configuration, ``./.runicorn``.
        plugins: Further plugins for this run.

    Returns:
        The run, also a context manager.

    Raises:
        InvalidNameError: A name or the id can't be a folder's name.
        RunExistsError: The id is taken.
        OSError: The root can't be written.
    """
    global _active  # noqa: PLW0603 - the one place where the active run is kept
    with _lock:
        if _active is not None and not _active._is_closed:  # noqa: SLF001 - two halves of one thing
            _log.warning("run %s was still active; it is finished now", _active.id)
            _active.finish()
        _watch_the_end()
        _active = Run.start(
            project,
            name,
            config=config,
            tags=tags,
            notes=notes,
            group=group,
            job_type=job_type,
            run_id=run_id,
            storage=storage,
            plugins=plugins,
        )
        return _active


def get_active_run() -> Run | None:
    """Return the run that the module functions act on, or ``None``."""
    run = _active
    return None if run is None or run._is_closed else run  # noqa: SLF001


def log(
    data: Mapping[str, Any] | None = None,
    *,
    step: int | None = None,
    stage: str | None = None,
    **metrics: Any,
) -> None:
    """Record scalars of the active run; see `Run.log`."""
    _run("log").log(data, step=step, stage=stage, **metrics)


def log_text(text: str) -> None:
    """Add text to the log of the active run; see `Run.log_text`."""
    _run("log_text").log_text(text)


def summary(update: Mapping[str, Any]) -> None:
    """Set outputs of the active run; see `Run.summary`."""
    _run("summary").summary(update)


def set_primary_metric(name: str, mode: Mode = "max") -> None:
    """Say which metric tells how good the active run is; see `Run.set_primary_metric`."""
    _run("set_primary_metric").set_primary_metric(name, mode)


def finish(status: FinalStatus = "finished") -> None:
    """End the active run; without one it does nothing."""
    run = get_active_run()
    if run is not None:
        run.finish(status)


def _run(call: str) -> Run:
    if _active is None:
        raise RunClosedError(None, call)
    return _active


def _watch_the_end() -> None:
    """See to it that a run whose script just ends, or fails, is ended with the right status."""
    global _is_watching_the_end  # noqa: PLW0603
    if _is_watching_the_end:
        return
    _is_watching_the_end = True
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        run = get_active_run()
        if run is not None:
            status, reason = ending_of(error)
            run.finish(status, reason=reason)
        previous(kind, error, trace)

    sys.excepthook = hook
    atexit.register(finish)

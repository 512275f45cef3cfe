"""The active run of this process, and the module functions that act on it."""

from __future__ import annotations

import functools
import inspect
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, Literal, ParamSpec

from runicorn.best import Mode
from runicorn.ending import FinalStatus
from runicorn.errors import RunClosedError, UsageError
from runicorn.recording import Level, Run
from runicorn.starting import start

P = ParamSpec("P")

_log = logging.getLogger("runicorn")
_lock = threading.RLock()
# Runs that were made active, the newest last; those that have ended are passed over.
_runs: list[Run] = []

Reinit = Literal["finish_previous", "create_new", "return_previous"]


def init(
    project: str | None = None,
    name: str | None = None,
    *,
    config: object = None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    run_id: str | None = None,
    resume: Literal["never", "allow", "must", "auto"] | None = None,
    resume_step: int | None = None,
    storage: str | os.PathLike[str] | None = None,
    capture_env: bool | None = None,
    capture_console: bool | Literal["all", "python", "off"] | None = None,
    system_metrics: bool | None = None,
    mode: Literal["online", "disabled"] | None = None,
    ranks: Literal["zero", "all"] | None = None,
    rank: int | None = None,
    reinit: Reinit = "finish_previous",
    plugins: Sequence[object] = (),
) -> Run:
    """Start a run and make it the active one.

    What is not given is taken from the ``RUNICORN_*`` environment, then from ``runicorn.toml`` or
    ``[tool.runicorn]``, then from the user's configuration; see `runicorn.settings`.

    Args:
        project: The project's name; ``default`` when nobody says.
        name: The experiment's name; may be a path such as ``resnet/ablation``.
        config: Inputs of the run, such as hyper-parameters: a dictionary, nested ones are welcome,
            a dataclass, an argparse namespace, a pydantic or OmegaConf object.
        tags: Short texts to find the run by.
        notes: What the run is for.
        group: Runs that belong together.
        job_type: What kind of work it is, such as ``train``.
        run_id: An id of your own, ``[A-Za-z0-9][A-Za-z0-9._-]{0,127}``; drawn when it is ``None``.
        resume: ``never`` starts a new run; ``allow`` goes on with the run of this id if there is
            one; ``must`` refuses to start another; ``auto`` goes on with the newest run of this
            experiment that did not finish.
        resume_step: Where to go on: later points of earlier attempts are superseded, never dropped,
            and the next automatic step is one more `[steps]`.
        storage: The root; otherwise ``RUNICORN_DIR``, the settings, ``./.runicorn``.
        capture_env: Whether to record the environment.
        capture_console: Whether to record what is printed: ``all``, ``python`` (not what other
            languages and processes print) or ``off``.
        system_metrics: Whether to sample the hardware.
        mode: ``disabled`` makes every call do nothing.
        ranks: Which processes of a distributed job record: ``zero`` or ``all``.
        rank: Which of them this is, where the caller knows better than the environment.
        reinit: What happens to an active run: it is finished with a warning, both go on
            (``create_new``), or it is what is returned (``return_previous``).
        plugins: Further plugins for this run: objects, or names of built-in ones.

    Returns:
        The run, also a context manager.

    Raises:
        InvalidNameError: A name or the id can't be a folder's name.
        UsageError: A setting is none of those allowed.
        RunExistsError: The id is taken.
        RunNotFoundError: There is no run that must be resumed.
        ConflictError: The run to be resumed is still recording, or in the recycle bin.
        StorageError: The root can't be written.
    """
    if reinit not in ("finish_previous", "create_new", "return_previous"):
        raise UsageError(
            f"reinit is 'finish_previous', 'create_new' or 'return_previous', not {reinit!r}"
        )
    given = {
        "project": project, "name": name, "tags": tags, "notes": notes, "group": group,
        "job_type": job_type, "run_id": run_id, "resume": resume, "capture_env": capture_env,
        "capture_console": capture_console, "system_metrics": system_metrics, "mode": mode,
        "ranks": ranks,
    }  # fmt: skip
    with _lock:
        previous = get_active_run()
        if previous is not None and reinit == "return_previous":
            return previous
        if previous is not None and reinit == "finish_previous":
            _log.warning("run %s was still active; it is finished now", previous.id)
            previous.finish()
        run = start(
            given,
            config=config,
            storage=storage,
            plugins=plugins,
            resume_step=resume_step,
            rank=rank,
        )
        _runs[:] = [each for each in _runs if each.is_active] + [run]
        return run


def get_active_run() -> Run | None:
    """Return the run that the module functions act on, the newest that records, or ``None``."""
    return next((run for run in reversed(_runs) if run.is_active), None)


def log(
    data: Mapping[str, Any] | None = None,
    *,
    step: int | None = None,
    stage: str | None = None,
    **metrics: Any,
) -> None:
    """Record scalars of the active run; see `Run.log`."""
    active_run("log").log(data, step=step, stage=stage, **metrics)


def log_text(text: str) -> None:
    """Add text to the log of the active run; see `Run.log_text`."""
    active_run("log_text").log_text(text)


def summary(update: Mapping[str, Any]) -> None:
    """Set outputs of the active run; see `Run.summary`."""
    active_run("summary").summary(update)


def set_primary_metric(name: str, mode: Mode = "max") -> None:
    """Say which metric tells how good the active run is; see `Run.set_primary_metric`."""
    active_run("set_primary_metric").set_primary_metric(name, mode)


def define_metric(
    name: str,
    goal: Mode | None = None,
    unit: str | None = None,
    step_metric: str | None = None,
    *,
    hidden: bool = False,
) -> None:
    """Say how metrics of the active run are to be read; see `Run.define_metric`."""
    active_run("define_metric").define_metric(name, goal, unit, step_metric, hidden=hidden)


def alert(title: str, text: str = "", level: Level = "info") -> None:
    """Tell of something that somebody should look at; see `Run.alert`."""
    active_run("alert").alert(title, text, level)


def _on_active_run(method: Callable[Concatenate[Run, P], None]) -> Callable[P, None]:
    """Return a method of `Run` as a function that acts on the active run."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        method(active_run(method.__name__), *args, **kwargs)

    of_method = inspect.signature(method)
    shown = of_method.replace(parameters=list(of_method.parameters.values())[1:])
    call.__signature__ = shown  # type: ignore[attr-defined]  # what help shows
    return call


log_image = _on_active_run(Run.log_image)
log_audio = _on_active_run(Run.log_audio)
log_video = _on_active_run(Run.log_video)
log_table = _on_active_run(Run.log_table)
log_histogram = _on_active_run(Run.log_histogram)
log_figure = _on_active_run(Run.log_figure)
log_html = _on_active_run(Run.log_html)
log_file = _on_active_run(Run.log_file)


def finish(status: FinalStatus = "finished") -> None:
    """End the active run; without one it does nothing."""
    run = get_active_run()
    if run is not None:
        run.finish(status)


def _forget_in_child() -> None:
    global _lock  # noqa: PLW0603 - another thread may have held it when the process forked
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)


def active_run(call: str) -> Run:
    """Return the run to act on; one that has ended refuses what it is asked.

    Args:
        call: What is to be called, for the message.

    Raises:
        RunClosedError: There was never any.
    """
    run = _runs[-1] if _runs else None
    if run is None:
        raise RunClosedError(None, call)
    return run if run.is_active else get_active_run() or run

"""A surface for scripts of Weights & Biases: ``import runicorn.wandb as wandb``.

What a training script calls is recorded as a run of Runicorn, on this machine only. What has no
meaning here (entities, sweeps on a server, watching gradients) is said once and passed over.

Source: the public documentation of that API, "Python SDK reference": ``init``, ``log``, ``config``,
``summary``, ``define_metric``, ``alert``, ``finish``, data types.
"""

from __future__ import annotations

import logging
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import runicorn as rn
from runicorn.errors import RunClosedError
from runicorn.ids import MAX_NAME_CHARACTERS
from runicorn.inputs import Config
from runicorn.outputs import Summary

_log = logging.getLogger("runicorn")
_told: set[str] = set()
_active: CompatibleRun | None = None


class AlertLevel(StrEnum):
    """How urgent an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


_LEVELS: dict[str, Literal["info", "warning", "error"]] = {
    "INFO": "info", "WARN": "warning", "ERROR": "error",
}  # fmt: skip


class CompatibleRun:
    """A run with the names of that API; `recorded` is the run itself."""

    def __init__(self, recorded: rn.Run) -> None:
        """Wrap a run."""
        self.recorded = recorded
        self._step = recorded.step + 1 if recorded.attempt > 1 else 0
        self._pending: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """The run's id."""
        return self.recorded.id

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.recorded.name

    @property
    def project(self) -> str:
        """The project's name."""
        return self.recorded.project

    @property
    def dir(self) -> str:
        """The run's folder."""
        return str(self.recorded.run_dir)

    @property
    def url(self) -> str:
        """Where the run is shown once `runicorn-server` runs on this machine."""
        return self.recorded.url

    @property
    def step(self) -> int:
        """The step that the next call of `log` belongs to `[steps]`."""
        return self._step

    @property
    def config(self) -> Config:
        """The inputs of the run."""
        return self.recorded.config

    @property
    def summary(self) -> Summary:
        """The outputs of the run."""
        return self.recorded.summary

    def log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None
    ) -> None:
        """Record values; texts are kept as texts.

        Args:
            data: Values by key; nested dictionaries are joined with ``/``.
            step: `[steps]`; counted from 0, one a call that commits, when ``None``.
            commit: ``False`` keeps the values until the next call that commits.
        """
        if step is not None and step != self._step:
            self._flush()
            self._step = step
        self._pending |= data
        if commit or (commit is None and step is None):
            self._flush()
            self._step += 1
        elif commit is None:
            self._flush()

    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        summary: str | None = None,
        goal: str | None = None,
        *,
        hidden: bool = False,
        **_more: Any,
    ) -> None:
        """Say how metrics are to be read."""
        goals: dict[str | None, Literal["min", "max"]] = {
            "minimize": "min", "maximize": "max", "min": "min", "max": "max",
        }  # fmt: skip
        chosen = goals.get(goal) or goals.get(summary)
        self.recorded.define_metric(name, chosen, step_metric=step_metric, hidden=hidden)

    def alert(
        self, title: str, text: str = "", level: AlertLevel | str = "INFO", **_more: Any
    ) -> None:
        """Tell of something that somebody should look at."""
        self.recorded.alert(title, text, _LEVELS.get(str(level).upper(), "info"))

    def watch(self, *_models: Any, **_options: Any) -> None:
        """Record nothing: gradients are not watched here."""
        _tell_once("watch", "watch() records nothing here; log what you want to see")

    def save(self, path: str, *_more: Any, **_options: Any) -> None:
        """Copy files into the run.

        Args:
            path: A path, or a pattern such as ``*.txt``.
        """
        given = Path(path)
        found = sorted(given.parent.glob(given.name)) if not given.exists() else [given]
        for each in found:
            if each.is_file():
                self.recorded.log({f"files/{each.name}": rn.File(each)}, step=self._step)

    def mark_preempting(self) -> None:
        """Do nothing: a run that its machine ends is interrupted."""

    def finish(self, exit_code: int | None = None, **_more: Any) -> None:
        """End the run."""
        self._flush()
        self.recorded.finish("failed" if exit_code else "finished", exit_code=exit_code)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flush()
        self.recorded.__exit__(kind, error, trace)

    def _flush(self) -> None:
        pending, self._pending = self._pending, {}
        texts = {key: value for key, value in pending.items() if isinstance(value, str)}
        values = {
            key: value for key, value in pending.items() if key not in texts and value is not None
        }
        if values:
            self.recorded.log(values, step=self._step)
        for key, text in texts.items():
            self.recorded.record("text", {"key": key, "text": text, "step": self._step})


def init(
    project: str | None = None,
    entity: str | None = None,
    *,
    config: object = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the name in that API
    id: str | None = None,  # noqa: A002 - the name in that API
    resume: str | bool | None = None,
    reinit: str | bool | None = None,
    **more: Any,
) -> CompatibleRun:
    """Start a run.

    Args:
        project: The project's name.
        entity: Passed over: runs lie on this machine.
        config: Inputs of the run.
        name: The experiment's name; what no folder can be called is replaced by ``-``.
        notes: What the run is for.
        tags: Short texts to find the run by.
        group: Runs that belong together.
        job_type: What kind of work it is.
        mode: ``disabled`` records nothing; ``online`` and ``offline`` are the same here.
        dir: The root.
        id: An id of your own.
        resume: ``allow``, ``must``, ``never`` or ``auto``; ``True`` is ``allow``.
        reinit: ``create_new`` keeps an active run; ``return_previous`` returns it.
        **more: Passed over.
    """
    global _active  # noqa: PLW0603 - that API has one active run
    for word in [*(["entity"] if entity else []), *sorted(more)]:
        _tell_once(word, f"init({word}=...) has no meaning here")
    resumed: Any = resume if isinstance(resume, str) else ("allow" if resume else None)
    again: Any = reinit if reinit in ("create_new", "return_previous") else "finish_previous"
    recorded = rn.init(
        _as_name(project),
        _as_name(name),
        config=config,
        tags=tags,
        notes=notes,
        group=group,
        job_type=job_type,
        run_id=id,
        resume=resumed,
        storage=dir,
        mode="disabled" if mode == "disabled" else None,
        reinit=again,
    )
    if _active is None or _active.recorded is not recorded:
        _active = CompatibleRun(recorded)
    return _active


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """Record values of the active run."""
    _run("log").log(data, step, commit)


def define_metric(name: str, *arguments: Any, **more: Any) -> None:
    """Say how metrics of the active run are to be read."""
    _run("define_metric").define_metric(name, *arguments, **more)


def alert(title: str, text: str = "", level: AlertLevel | str = "INFO", **more: Any) -> None:
    """Tell of something that somebody should look at."""
    _run("alert").alert(title, text, level, **more)


def watch(*models: Any, **options: Any) -> None:
    """Record nothing: gradients are not watched here."""
    _run("watch").watch(*models, **options)


def unwatch(*_models: Any) -> None:
    """Do nothing."""


def save(path: str, *more: Any, **options: Any) -> None:
    """Copy files into the active run."""
    _run("save").save(path, *more, **options)


def login(*_words: Any, **_options: Any) -> bool:
    """Do nothing: there is no account."""
    return True


def finish(exit_code: int | None = None, **more: Any) -> None:
    """End the active run; without one it does nothing."""
    if _active is not None:
        _active.finish(exit_code, **more)


def _run(call: str) -> CompatibleRun:
    if _active is None:
        raise RunClosedError(None, f"wandb.{call}")
    return _active


def _as_name(text: str | None) -> str | None:
    """Make a folder's name of any text; that API allows more than folders can be called."""
    if text is None:
        return None
    kept = "".join(
        letter if letter in " ._-/" or unicodedata.category(letter)[0] in "LMN" else "-"
        for letter in text
    )
    parts = [part.strip(" .")[:MAX_NAME_CHARACTERS] for part in kept.split("/")]
    return "/".join(part for part in parts if part) or None


def _tell_once(about: str, message: str) -> None:
    if about not in _told:
        _told.add(about)
        _log.warning("runicorn.wandb: %s", message)


def _media(name: str) -> Callable[..., Any]:
    kind: Callable[..., Any] = getattr(rn, name)
    return kind


def __getattr__(name: str) -> Any:
    if name == "run":
        return _active if _active is not None and _active.recorded.is_active else None
    if name in ("config", "summary"):
        return getattr(_run(name), name)
    if name in ("Image", "Audio", "Video", "Table", "Histogram", "Html", "Figure"):
        return _media(name)
    raise AttributeError(f"runicorn.wandb has no {name!r}")

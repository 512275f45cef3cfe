"""Environment: asks the plugins where a run runs and writes what they tell into its folder.

What is known is written after each answer, so that a plugin that hangs only loses its own. When an
earlier attempt left an environment, it is kept beside the new one: ``environment-1.json``.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import Any

from runicorn.files import write_bytes, write_json
from runicorn.layout import RunDir
from runicorn.plugins.hookspecs import RecordingRun
from runicorn.plugins.manager import Plugins
from runicorn.redaction import redact_document
from runicorn.values import plain_document

HOOK = "runicorn_environment"
CODE_DIFF = "code_diff"

_log = logging.getLogger("runicorn")


class Capture(threading.Thread):
    """Asks all plugins once, one after the other."""

    def __init__(self, run: RecordingRun, plugins: Plugins) -> None:
        super().__init__(name=f"runicorn-environment-{run.id}", daemon=True)
        self._recorded = run
        self._folder = RunDir(run.run_dir, run.project, run.name)
        self._plugins = plugins
        self._known: dict[str, Any] = {}
        self._has_diff = False

    def stop(self, timeout_s: float) -> None:
        """Wait until it is done, or the time is over."""
        if self is not threading.current_thread():
            with suppress(RuntimeError):  # it was never started
                self.join(timeout_s)

    def run(self) -> None:
        """Ask and write; trouble is told and the run goes on."""
        try:
            self._capture()
        except Exception as error:  # noqa: BLE001 - promise 5: nothing of ours stops a run
            _log.warning("the environment of run %s is not recorded: %s", self._folder.id, error)

    def _capture(self) -> None:
        keep_earlier(self._folder)
        for plugin, answer in self._plugins.each(HOOK, run=self._recorded):
            if not isinstance(answer, dict):
                error = TypeError(f"its answer is no dictionary but {answer!r}")
                self._plugins.warn_once(plugin, HOOK, repr(error))
                continue
            self._write(dict(answer))

    def _write(self, answer: dict[str, Any]) -> None:
        diff = answer.pop(CODE_DIFF, None)
        if isinstance(diff, str) and diff and not self._has_diff:
            self._has_diff = True
            from runicorn.code_diff import redact_diff

            # Files hold any bytes; those that are no UTF-8 come and go as surrogates.
            text = redact_diff(diff).encode("utf-8", "surrogateescape")
            write_bytes(self._folder.code_diff, text)
        # Anything may come from a plugin; a document holds only what JSON knows.
        merge(self._known, redact_document(plain_document(answer, self._plugins.convert)))
        write_json(self._folder.environment, self._known)


def merge(known: dict[str, Any], answer: dict[str, Any]) -> None:
    """Add an answer to what is known: lists and dictionaries are joined, others stay."""
    for key, value in answer.items():
        before = known.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            known[key] = {**value, **before}
        elif isinstance(before, list) and isinstance(value, list):
            known[key] = before + value
        elif before is None:
            known[key] = value


def keep_earlier(folder: RunDir) -> None:
    """Set aside what an earlier attempt left, under the first number that is free."""
    if not folder.environment.exists():
        return
    number = 1
    while folder.earlier(folder.environment, number).exists():
        number += 1
    for path in (folder.code_diff, folder.environment):
        with suppress(FileNotFoundError):
            path.replace(folder.earlier(path, number))

"""Built-in plugin: what a script prints goes into the run's log, folded as a terminal shows it."""

from __future__ import annotations

import json

from runicorn.console import capture
from runicorn.plugins.hookspecs import RecordingRun, hookimpl


@hookimpl
def runicorn_run_started(run: RecordingRun) -> None:
    """Hear what is printed."""
    level = run.settings["capture_console"]
    if level != "off":
        capture.begin(run, is_deep=level == "all")


@hookimpl
def runicorn_before_text() -> None:
    """Log first what was printed before."""
    capture.catch_up()


@hookimpl
def runicorn_run_finished(run: RecordingRun, status: str) -> None:
    """Log what is left; the traceback too, which Python prints only when this is done."""
    capture.end(run.id, _traceback(run) if status == "failed" else "")


def _traceback(run: RecordingRun) -> str:
    try:
        said = json.loads((run.run_dir / "status.json").read_bytes())
        reason = str(said.get("exit_reason") or "")
    except (OSError, ValueError, AttributeError):
        return ""
    return reason if reason.startswith("Traceback") else ""

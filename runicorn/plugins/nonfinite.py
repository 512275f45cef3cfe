"""Optional plugin: an alert when a metric turns NaN or infinite; ``init(plugins=["nonfinite"])``.

Not loaded by itself, because it looks at every value that is logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runicorn.events import NONFINITE
from runicorn.plugins.hookspecs import RecordingRun, hookimpl

# Keys told of, by run; a run that ends is forgotten.
_told: dict[str, set[str]] = {}


@hookimpl
def runicorn_logged(run: RecordingRun, event: Mapping[str, Any]) -> None:
    """Tell of each metric once, at the first step where it is not finite."""
    if event["type"] != "metrics":
        return
    told = _told.setdefault(run.id, set())
    for key, value in event["data"].items():
        if isinstance(value, str) and value in NONFINITE and key != "stage" and key not in told:
            told.add(key)
            step = event["data"]["global_step"]
            run.alert(f"{key} is {value}", f"since step {step}", "warning")


@hookimpl
def runicorn_run_finished(run: RecordingRun) -> None:
    """Forget the run."""
    _told.pop(run.id, None)

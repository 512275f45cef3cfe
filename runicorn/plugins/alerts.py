"""Built-in plugin: hands alerts on to `logging`, so that they are seen where the script runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from runicorn.plugins.hookspecs import RecordingRun, hookimpl

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_log = logging.getLogger("runicorn.alerts")


@hookimpl
def runicorn_alert(run: RecordingRun, alert: Mapping[str, str]) -> None:
    """Write one record."""
    text = f": {alert['text']}" if alert["text"] else ""
    _log.log(_LEVELS[alert["level"]], "run %s: %s%s", run.id, alert["title"], text)

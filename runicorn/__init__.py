"""Runicorn: a local-first experiment tracker for machine learning.

    import runicorn as rn

    rn.init(project="vision", name="baseline", config={"lr": 1e-3})
    rn.log({"train/loss": 0.5, "samples": rn.Image(pixels)}, step=1)
    rn.finish()

    for run in rn.runs("vision", sort="-val/acc"):
        print(run.id, run.config, run.history("train/loss").values)

Importing it loads neither SQL nor NumPy; reading (`runs`, `open`) loads them when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runicorn.current import (
    alert,
    define_metric,
    finish,
    get_active_run,
    init,
    log,
    log_audio,
    log_figure,
    log_file,
    log_histogram,
    log_html,
    log_image,
    log_table,
    log_text,
    log_video,
    set_primary_metric,
    summary,
)
from runicorn.errors import RunicornError
from runicorn.plugins.hookspecs import hookimpl
from runicorn.recording import Run

if TYPE_CHECKING:
    from runicorn.log_records import capture_logging
    from runicorn.media import Audio, Figure, File, Histogram, Html, Image, Table, Video
    from runicorn.store import (
        History,
        Store,
        StoredRun,
        open,  # noqa: A004 - `runicorn.open` reads like `gzip.open`
        run_by_id,
        runs,
    )

__version__ = "0.8.0"

__all__ = [
    "Audio",
    "Figure",
    "File",
    "Histogram",
    "History",
    "Html",
    "Image",
    "Run",
    "RunicornError",
    "Store",
    "StoredRun",
    "Table",
    "Video",
    "__version__",
    "alert",
    "capture_logging",
    "define_metric",
    "finish",
    "get_active_run",
    "hookimpl",
    "init",
    "log",
    "log_audio",
    "log_figure",
    "log_file",
    "log_histogram",
    "log_html",
    "log_image",
    "log_table",
    "log_text",
    "log_video",
    "open",
    "run_by_id",
    "runs",
    "set_primary_metric",
    "summary",
]

_MEDIA = frozenset({"Audio", "Figure", "File", "Histogram", "Html", "Image", "Table", "Video"})
_READING = frozenset({"History", "Store", "StoredRun", "open", "run_by_id", "runs"})


def __getattr__(name: str) -> Any:
    if name == "run":
        return get_active_run()
    if name == "config":
        from runicorn.current import active_run

        return active_run("config").config
    if name == "capture_logging":
        from runicorn.log_records import capture_logging

        return capture_logging
    if name in _MEDIA:
        from runicorn import media

        return getattr(media, name)
    if name == "integrations":
        import importlib

        return importlib.import_module("runicorn.integrations")
    if name in _READING:
        from runicorn import store

        return getattr(store, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

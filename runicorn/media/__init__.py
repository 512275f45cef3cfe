"""Media: what a run keeps besides numbers, each as a file with an event that tells of it.

Every class takes what it shows as its first argument and encodes it when it is logged. Libraries
such as Pillow, NumPy and pandas are loaded when they are needed, never by an import of these.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runicorn.media.audio import Audio
    from runicorn.media.figure import Figure
    from runicorn.media.file import File
    from runicorn.media.histogram import Histogram
    from runicorn.media.html import Html
    from runicorn.media.image import Image
    from runicorn.media.table import Table
    from runicorn.media.video import Video

__all__ = ["Audio", "Figure", "File", "Histogram", "Html", "Image", "Table", "Video"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module(f"runicorn.media.{name.lower()}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

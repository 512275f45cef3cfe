"""Integrations that need no distribution of their own: ``rn.integrations.tensorboard.patch()``."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["tensorboard"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"runicorn.integrations.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

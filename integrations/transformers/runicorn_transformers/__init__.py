"""Runicorn for the Hugging Face Trainer: in place; its classes are still to come."""

from __future__ import annotations

from runicorn import __version__

__all__ = ["__version__"]

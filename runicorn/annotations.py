"""Annotations: tags and notes given after the start of a run, laid over its meta.json.

``meta.json`` is written once, so what is said later stands in ``annotations.json`` beside it:
``tags`` (all of them) and ``notes``, each only when it was changed. Removing the file brings back
what the script said. See docs/decisions/0005-later-tags-and-notes.md.
"""

from __future__ import annotations

from typing import Any

from runicorn.documents import Problem, read_document
from runicorn.layout import RunDir


def overlay(meta: dict[str, Any], annotations: dict[str, Any]) -> dict[str, Any]:
    """Return ``meta.json`` as readers see it; what is of the wrong type in the overlay is ignored.

    Args:
        meta: What the script said at the start.
        annotations: The content of ``annotations.json``.
    """
    changed: dict[str, Any] = {}
    tags, notes = annotations.get("tags"), annotations.get("notes")
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
        changed["tags"] = tags
    if isinstance(notes, str):
        changed["notes"] = notes or None
    return {**meta, **changed}


def read_meta(folder: RunDir) -> tuple[dict[str, Any], list[Problem]]:
    """Read ``meta.json`` with later tags and notes; never raises.

    Returns:
        The document, empty where it can't be read, and what is wrong with the two files.
    """
    meta, of_meta = read_document(folder.meta)
    annotations, of_annotations = read_document(folder.annotations)
    problems = [problem for problem in (of_meta, of_annotations) if problem is not None]
    return overlay(meta, annotations), problems

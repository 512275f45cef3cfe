"""Tags and notes after the start: changes the annotations of a run, never its meta.json."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from runicorn import clock
from runicorn.annotations import overlay
from runicorn.documents import read_document
from runicorn.errors import InvalidValueError, StorageError
from runicorn.files import write_json
from runicorn.layout import RunDir

MAX_TAG_CHARACTERS = 256


def edit(
    folder: RunDir,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    notes: str | None = None,
) -> tuple[list[str], str | None]:
    """Change tags and notes of a run; of two edits at the same moment the later one counts.

    Args:
        folder: The run; it may still be recording.
        add: Tags to add; those it has stay where they are.
        remove: Tags to take away; those it has not are passed over.
        notes: The new notes, an empty text for none; left as they are when ``None``.

    Returns:
        All tags in their order, and the notes.

    Raises:
        InvalidValueError: A tag can't be one.
        StorageError: The annotations are damaged and would be lost.
        OSError: The disk refused.
    """
    adding, removing = [check_tag(tag) for tag in add], set(remove)
    meta, _ = read_document(folder.meta)
    annotations, problem = read_document(folder.annotations)
    if problem is not None:
        raise StorageError(f"{folder.annotations} {problem.message}; remove it to start anew")
    tags = _tags(overlay(meta, annotations))
    if adding or removing:
        kept = [tag for tag in tags if tag not in removing]
        annotations["tags"] = list(dict.fromkeys([*kept, *adding]))
    if notes is not None:
        annotations["notes"] = notes
    if adding or removing or notes is not None:
        annotations["updated_at"] = clock.now()
        write_json(folder.annotations, annotations)
    seen = overlay(meta, annotations)
    said = seen.get("notes")
    return _tags(seen), said if isinstance(said, str) else None


def check_tag(tag: str) -> str:
    """Return a tag.

    Raises:
        InvalidValueError: It is empty, too long or has control characters.
    """
    if not tag.strip() or len(tag) > MAX_TAG_CHARACTERS:
        raise InvalidValueError("tag", tag, f"a tag has 1 to {MAX_TAG_CHARACTERS} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in tag):
        raise InvalidValueError("tag", tag, "a tag has no control characters")
    return tag


def _tags(meta: dict[str, Any]) -> list[str]:
    tags = meta.get("tags")
    if not isinstance(tags, list):
        return []
    return list(dict.fromkeys(tag for tag in tags if isinstance(tag, str)))

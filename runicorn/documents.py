"""Documents: the small JSON files of a run, read so that damage harms nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runicorn.files import read_json
from runicorn.texts import clean


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a run that can't be read; the rest of the run is shown all the same.

    Attributes:
        file: Its name inside the run directory.
        offset: Where in the file `[bytes]`.
        message: What is wrong, in plain words.
    """

    file: str
    offset: int
    message: str


def read_document(path: Path) -> tuple[dict[str, Any], Problem | None]:
    """Read a document of a run; never raises.

    Returns:
        The document, empty when it is missing or damaged, and what is wrong with it.
    """
    try:
        return read_json(path) or {}, None
    except (OSError, ValueError) as error:
        return {}, Problem(path.name, 0, f"can't be read: {error}")


def text_of(document: dict[str, Any], key: str) -> str | None:
    """Read a text of a document; ``None`` when there is none."""
    value = document.get(key)
    return clean(value) if isinstance(value, str) else None


def number_of(document: dict[str, Any], key: str) -> float | None:
    """Read a finite number of a document; ``None`` when there is none."""
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer beyond any float
        return None
    return number if number - number == 0.0 else None


def integer_of(document: dict[str, Any], key: str) -> int | None:
    """Read an integer of a document; ``None`` when there is none."""
    value = document.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None

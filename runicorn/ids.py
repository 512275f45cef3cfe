"""Ids and names: what a run, project, experiment or metric may be called.

The rules are those of the disk format: a name becomes a folder, so it must be one on every system.
Nothing is rewritten silently except Unicode normalisation to NFC, without which the same word typed
on two systems would be two folders.
"""

from __future__ import annotations

import os
import re
import time
import unicodedata

from runicorn.errors import InvalidNameError, InvalidValueError

MAX_NAME_CHARACTERS = 128
MAX_NAME_BYTES = 255
MAX_KEY_CHARACTERS = 256
RESERVED_PROJECTS = frozenset({"runs", "artifacts"})
RESERVED_KEYS = frozenset({"global_step", "time", "stage"})

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
# Device names of Windows: a folder of that name can't be made there, with any extension.
# Source: Microsoft, "Naming Files, Paths, and Namespaces", reserved names.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
# Letters, combining marks and digits of any script.
_NAME_CATEGORIES = ("L", "M", "N")
_NAME_PUNCTUATION = frozenset(" ._-")


def new_run_id() -> str:
    """Draw a run id: local time to the second and 6 random hex digits."""
    return f"{time.strftime('%Y%m%d_%H%M%S')}_{os.urandom(3).hex()}"


def check_run_id(run_id: object) -> str:
    """Return a run id that may be a folder's name.

    Raises:
        InvalidNameError: It does not match ``[A-Za-z0-9][A-Za-z0-9._-]{0,127}``.
    """
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise InvalidNameError("run id", run_id, "must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}")
    if run_id.endswith(".") or _DEVICE.fullmatch(run_id):
        raise InvalidNameError("run id", run_id, "can't be a folder's name on every system")
    return run_id


def check_project(project: object) -> str:
    """Return the project name, normalised to NFC.

    Raises:
        InvalidNameError: It is reserved or can't be a folder's name.
    """
    part = _check_part("project", project)
    if part.casefold() in RESERVED_PROJECTS:
        raise InvalidNameError("project", project, "is reserved for Runicorn's own folders")
    return part


def check_name(name: object) -> str:
    """Return an experiment name, a path of one or more parts, normalised to NFC.

    Raises:
        InvalidNameError: A part is reserved or can't be a folder's name.
    """
    if not isinstance(name, str):
        raise InvalidNameError("name", name, f"is a {type(name).__name__}, not a text")
    parts = [_check_part("name", part, whole=name) for part in name.split("/")]
    if any(part.casefold() == "runs" for part in parts):
        raise InvalidNameError("name", name, "has a part 'runs', which is reserved")
    return "/".join(parts)


def _check_part(kind: str, part: object, whole: object = None) -> str:
    shown = part if whole is None else whole
    if not isinstance(part, str):
        raise InvalidNameError(kind, shown, f"is a {type(part).__name__}, not a text")
    part = unicodedata.normalize("NFC", part)
    if not part:
        raise InvalidNameError(kind, shown, "is empty or has an empty part")
    if len(part) > MAX_NAME_CHARACTERS:
        raise InvalidNameError(kind, shown, f"is longer than {MAX_NAME_CHARACTERS} characters")
    for character in part:
        allowed = unicodedata.category(character).startswith(_NAME_CATEGORIES)
        if not allowed and character not in _NAME_PUNCTUATION:
            raise InvalidNameError(kind, shown, f"has the character {character!r}")
    if len(part.encode()) > MAX_NAME_BYTES:
        raise InvalidNameError(kind, shown, f"is longer than {MAX_NAME_BYTES} bytes in UTF-8")
    if part[0] in " ." or part[-1] in " .":
        raise InvalidNameError(kind, shown, "starts or ends with a space or a dot")
    if _DEVICE.fullmatch(part):
        raise InvalidNameError(kind, shown, "is a device name on Windows")
    return part


def check_key(key: object) -> str:
    """Return a metric key such as ``train/loss``.

    Raises:
        InvalidValueError: It is empty, too long, reserved, has control characters or an empty part.
    """
    if not isinstance(key, str):
        raise InvalidValueError(key, None, f"a metric key is a text, not a {type(key).__name__}")
    if not 1 <= len(key) <= MAX_KEY_CHARACTERS:
        raise InvalidValueError(key, None, f"a metric key has 1 to {MAX_KEY_CHARACTERS} characters")
    if key in RESERVED_KEYS:
        raise InvalidValueError(key, None, "is reserved; use the arguments step= and stage=")
    if "" in key.split("/"):
        raise InvalidValueError(key, None, "a metric key has no empty part between slashes")
    # Cc: control characters; Cs: halves of surrogate pairs, which UTF-8 can't hold.
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in key):
        raise InvalidValueError(key, None, "a metric key has no control characters")
    return key

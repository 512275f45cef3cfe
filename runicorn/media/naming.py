"""Names of media files: ``<timestamp_ms>_<6 hex>_<key>.<extension>``, safe on every file system."""

from __future__ import annotations

import re
import secrets
import unicodedata

from runicorn import clock

# The longest name of the usual file systems is 255 bytes, of encrypted ones 143. Time and random
# part take 21, an extension and the mark of a temporary file at most 30.
MAX_KEY_BYTES = 90
# Letters, combining marks and digits of any script, and pictures such as emoji.
_CATEGORIES = ("L", "M", "N", "So")
_PUNCTUATION = frozenset("._-")
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,10}(\.[A-Za-z0-9]{1,10})?")


def new_name(key: str, extension: str) -> str:
    """Draw the name of a media file.

    Args:
        key: What it was logged under; any text.
        extension: Without a dot; left out when it is none that every system knows.
    """
    moment, token = int(clock.now() * 1000), secrets.token_hex(3)
    ending = f".{extension}" if _EXTENSION.fullmatch(extension) else ""
    return f"{moment}_{token}_{safe_key(key)}{ending}"


def safe_key(key: str) -> str:
    """Spell a key so that it can be a part of a file's name; what can't be becomes ``_``."""
    text = unicodedata.normalize("NFC", key)
    kept = "".join(character if _is_safe(character) else "_" for character in text)
    cut = kept.encode()[:MAX_KEY_BYTES].decode(errors="ignore")
    return cut.rstrip(".") or "_"


def extension_of(name: str) -> str:
    """Return the extension of a file's name without its dot, both parts of ``tar.gz`` and the like.

    Empty when there is none, or none that every system knows.
    """
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        return ""
    if stem.endswith(".tar"):
        extension = f"tar.{extension}"
    return extension if _EXTENSION.fullmatch(extension) else ""


def _is_safe(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character).startswith(_CATEGORIES)

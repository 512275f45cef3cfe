"""Texts: what JSON and folders may hold, as a database and an answer take it."""

from __future__ import annotations


def clean(text: str) -> str:
    r"""Return a text in which all that UTF-8 can't hold is escaped.

    JSON can spell halves of surrogate pairs, and a folder can be named in bytes that are no UTF-8:
    Python holds the byte ff of a name as ``\udcff``, and these six characters stand for it here.
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def is_clean(text: str) -> bool:
    """Tell whether nothing of a text has to be escaped."""
    return text.isascii() or clean(text) == text

"""Pieces: what a media value becomes, events and the content of the files that they tell of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.texts import clean

Content = bytes | Path
"""What a media file holds, or the path of a file to copy."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a media value, with the content that is written before it.

    Attributes:
        kind: The type of the event, such as ``image``.
        data: What the event says besides ``key``, ``path`` and ``step``; JSON values. A ``caption``
            in it wins over that of the media value.
        extension: Of the content's file, without a dot; empty when there is none.
        content: What the file holds; ``None`` when all is in `data`.
        attachments: Further files by their name in the run's media folder, which `content` speaks
            of and which are written before it; `runicorn.media.naming` makes such names.
    """

    kind: str
    data: dict[str, Any]
    extension: str = ""
    content: Content | None = None
    attachments: Mapping[str, Content] = field(default_factory=dict)


class Media(ABC):
    """A value that is no number: an image, a table and so on; `log` takes it like one.

    Attributes:
        caption: A line about it, or ``None``.
    """

    caption: str | None = None

    @abstractmethod
    def pieces(self, key: str) -> list[Piece]:
        """Check and encode everything; nothing is written yet.

        Args:
            key: Where it is logged, for messages.

        Raises:
            InvalidValueError: It can't be encoded.
        """

    @classmethod
    def wraps(cls, value: object) -> bool:  # noqa: ARG003 - for those that override it
        """Tell whether `log` may take such a value as it is, by ``cls(value)``.

        Asked for values that are no numbers. It must be quick and import nothing.
        """
        return False


class Gallery(Media):
    """Several media under one key, in order; each of their events says its ``index``."""

    def __init__(self, items: Sequence[Media]) -> None:
        self._items = items

    def pieces(self, key: str) -> list[Piece]:
        """Check and encode all of them."""
        pieces = [piece for item in self._items for piece in captioned(item, key)]
        return [
            replace(piece, data={**piece.data, "index": index})
            for index, piece in enumerate(pieces)
        ]


def captioned(item: Media, key: str) -> list[Piece]:
    """Check and encode a media value; each of its pieces has the caption in its data.

    Raises:
        InvalidValueError: It can't be encoded, or the caption is no text.
    """
    caption = item.caption
    if caption is None:
        return item.pieces(key)
    if not isinstance(caption, str):
        raise InvalidValueError(key, caption, f"a caption is a text, not {caption!r}")
    # A caption describes, so nothing in it is refused; halves of surrogate pairs are spelled out.
    said = {"caption": clean(caption)}
    return [replace(piece, data={**said, **piece.data}) for piece in item.pieces(key)]

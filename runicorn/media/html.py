"""Html: a page, kept as it is; whoever shows it must not let its scripts near anything."""

from __future__ import annotations

from pathlib import Path

from runicorn.media.writing import source_file
from runicorn.pieces import Content, Media, Piece

_ENDINGS = (".html", ".htm")


class Html(Media):
    """A page of HTML, or a part of one."""

    def __init__(self, page: str | Path, caption: str | None = None) -> None:
        """Remember the page.

        Args:
            page: The text, or a file's path: a ``Path``, or a text that ends in ``.html``.
            caption: A line about it.
        """
        self._page = page
        self.caption = caption

    def pieces(self, key: str) -> list[Piece]:
        """Encode the page."""
        return [Piece("html", {}, "html", self._content(key))]

    def _content(self, key: str) -> Content:
        page: object = self._page
        if isinstance(page, str) and not _is_path(page):
            return page.encode("utf-8", "backslashreplace")
        return source_file(key, page)


def _is_path(text: str) -> bool:
    return text.lower().endswith(_ENDINGS) and "<" not in text and "\n" not in text

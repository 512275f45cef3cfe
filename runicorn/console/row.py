"""A row of the screen: spans of styled text that are appended to, overwritten and erased."""

from __future__ import annotations

import functools
import unicodedata
from itertools import groupby
from operator import itemgetter

from runicorn.console import style

_Cell = tuple[str, str]
# What stands in the second column of a wide character.
_SECOND = ""
_BLANK: _Cell = (" ", style.PLAIN)


class Row:
    """One row.

    Attributes:
        width: How many columns are written.
        is_dirty: Whether it may show something else than when this was last set to false.
        is_fresh: Whether nothing was ever written.
        is_settled: Whether it was logged after the cursor had left it.
        logged: What was last logged of it.
        due_at: When it may be logged again while it still changes `[s]`.
        shown_at: When it was first seen to show something `[s]`.
    """

    __slots__ = (
        "_is_overwritten",
        "_spans",
        "due_at",
        "is_dirty",
        "is_fresh",
        "is_settled",
        "logged",
        "shown_at",
        "width",
    )

    def __init__(self) -> None:
        self.width = 0
        self.is_dirty = self.is_fresh = True
        self.is_settled = False
        self.logged: str | None = None
        self.due_at: float | None = None
        self.shown_at = 0.0
        self._spans: list[tuple[str, str]] = []
        self._is_overwritten = False

    def write(self, x: int, text: str, of_style: str) -> int:
        """Write text and return the column after it.

        Args:
            x: The column to start at.
            text: Printable.
            of_style: See `runicorn.console.style`.
        """
        n = columns(text)
        self.is_dirty, self.is_fresh = True, False
        if x < self.width:
            self._is_overwritten = True
            if x == 0 and n >= self.width:
                self._spans, self.width = [(text, of_style)], n
            else:
                self._overwrite(x, text, of_style)
            return x + n
        if x > self.width:
            self._spans.append((" " * (x - self.width), style.PLAIN))
        self._spans.append((text, of_style))
        self.width = x + n
        return x + n

    def erase(self, start: int, end: int | None) -> None:
        """Make columns blank, all from the start when there is no end."""
        if start >= self.width:
            return
        self.is_dirty = self._is_overwritten = True
        cells = [] if start == 0 and end is None else self._cells()
        if end is None or end >= self.width:
            del cells[start:]
        else:
            cells[start:end] = [_BLANK] * (end - start)
        self._take(cells)

    def delete(self, x: int, n: int) -> None:
        """Take columns out; what is right of them moves left."""
        if x < self.width:
            self.is_dirty = self._is_overwritten = True
            cells = self._cells()
            del cells[x : x + n]
            self._take(cells)

    def render(self) -> str:
        """Return what it shows, with its colours; blanks that were left at its end are cut off."""
        return style.render(self._trimmed() if self._is_overwritten else self._spans)

    def _trimmed(self) -> list[tuple[str, str]]:
        spans = list(self._spans)
        while spans and not style.is_visible(spans[-1][1]):
            text, of_style = spans.pop()
            text = text.rstrip(" ")
            if text:
                spans.append((text, of_style))
                break
        return spans

    def _overwrite(self, x: int, text: str, of_style: str) -> None:
        cells, new = self._cells(), _cells_of(text, of_style)
        after = x + len(new)
        if cells[x][0] == _SECOND:
            cells[x - 1] = _BLANK  # half a wide character is none
        if after < len(cells) and cells[after][0] == _SECOND:
            cells[after] = _BLANK
        cells[x:after] = new
        self._take(cells)

    def _cells(self) -> list[_Cell]:
        return [cell for text, of_style in self._spans for cell in _cells_of(text, of_style)]

    def _take(self, cells: list[_Cell]) -> None:
        self.width = len(cells)
        self._spans = [
            ("".join(char for char, _style in group), of_style)
            for of_style, group in groupby(cells, key=itemgetter(1))
        ]


def columns(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _cells_of(text: str, of_style: str) -> list[_Cell]:
    if text.isascii():
        return [(char, of_style) for char in text]
    cells: list[_Cell] = []
    for char in text:
        n = _columns_of(char)
        if n:
            cells.append((char, of_style))
            cells.extend([(_SECOND, of_style)] * (n - 1))
        elif cells:
            at = -2 if cells[-1][0] == _SECOND else -1
            cells[at] = (cells[at][0] + char, of_style)
    return cells


@functools.lru_cache(maxsize=8192)
def _columns_of(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "FW" else 1

"""The screen: rows of text, and a cursor that writes, moves and erases.

Rows are as long as what is written: nothing wraps. A row that is too far up to be reached again is
handed out; so is what a program clears, because a log keeps what was printed.
"""

from __future__ import annotations

from runicorn.console import style
from runicorn.console.row import Row

# How far up a program can move: no terminal that shows bars is higher [rows].
HEIGHT = 100
# A row that is longer is broken, so that memory is bounded whatever is printed [characters].
MAX_ROW = 16 << 20
# The farthest column that can be moved to beyond what is written, and the width of a tab.
FAR = 1000
TAB = 8


class Screen:
    """What a terminal would show.

    Attributes:
        rows: The rows that can still be reached, from the top.
        y: The row that the cursor is in.
        gone: What can't be reached any more, in order; whoever takes it empties the list.
        top: The highest row that the cursor moved up to since this was last set to ``None``.
        style: That of what is written next.
    """

    def __init__(self) -> None:
        """Show nothing yet."""
        self.rows = [Row()]
        self.y = 0
        self.gone: list[Row | str] = []
        self.top: int | None = None
        self.style = style.PLAIN
        self._x = 0
        self._saved = (0, 0)

    @property
    def is_at_end(self) -> bool:
        """Whether what is written next is added to the end of all."""
        return self.y == len(self.rows) - 1 and self._x == self.rows[-1].width

    def write(self, text: str) -> None:
        """Write printable text at the cursor."""
        row = self.rows[self.y]
        self._x = row.write(self._x, text, self.style)
        if row.width > MAX_ROW:
            self.newline()

    def pass_on(self, line: str) -> None:
        """Hand out a line as it is; the cursor is in a fresh row at the end, and stays there."""
        if self.y:
            self.gone += self.rows[:-1]
            self.rows = self.rows[-1:]
            self.y = 0
            self.top = None
        self.gone.append(line)

    def clear(self) -> None:
        """Hand out all rows, and start again below them."""
        while len(self.rows) > self.y and self.rows[-1].is_fresh:
            self.rows.pop()
        self.gone += self.rows
        self.rows = [Row()]
        self.y = self._x = 0
        self.top = None

    def newline(self) -> None:
        """Go to the beginning of the next row."""
        self._go_down()
        self._x = 0

    def return_(self) -> None:
        """Go to the beginning of the row."""
        self._x = 0

    def tabulate(self) -> None:
        """Go to the next tab stop; at the end of a row the tab is kept as it is."""
        if self._x == self.rows[self.y].width:
            self.write("\t")
        else:
            self._x += TAB - self._x % TAB

    def up(self, n: int | None = None) -> None:
        """Go up, at most to the highest row."""
        self.y = max(0, self.y - (n or 1))
        self.top = self.y if self.top is None else min(self.top, self.y)

    def down(self, n: int | None = None) -> None:
        """Go down, over rows that are not there yet as well."""
        for _ in range(min(n or 1, HEIGHT)):
            self._go_down()

    def right(self, n: int | None = None) -> None:
        """Go right."""
        self._go_to(self._x + (n or 1))

    def left(self, n: int | None = None) -> None:
        """Go left, at most to the beginning of the row."""
        self._x = max(0, self._x - (n or 1))

    def next_row(self, n: int | None = None) -> None:
        """Go down to the beginning of a row."""
        self.down(n)
        self._x = 0

    def previous_row(self, n: int | None = None) -> None:
        """Go up to the beginning of a row."""
        self.up(n)
        self._x = 0

    def column(self, n: int | None = None) -> None:
        """Go to a column, from 1."""
        self._go_to((n or 1) - 1)

    def erase_in_row(self, n: int | None = None) -> None:
        """Erase from the cursor on, or with 1 up to the cursor, or with 2 the row."""
        self.rows[self.y].erase(0 if n else self._x, self._x + 1 if n == 1 else None)

    def erase(self, n: int | None = None) -> None:
        """Erase from the cursor on, or with 1 up to the cursor; with 2 and 3 clear all."""
        if n not in {None, 0, 1}:
            self.clear()
            return
        self.erase_in_row(n)
        for row in self.rows[: self.y] if n else self.rows[self.y + 1 :]:
            row.erase(0, None)

    def delete(self, n: int | None = None) -> None:
        """Take characters out of the row."""
        self.rows[self.y].delete(self._x, n or 1)

    def save(self, _n: int | None = None) -> None:
        """Remember where the cursor is."""
        self._saved = (self.y, self._x)

    def restore(self, _n: int | None = None) -> None:
        """Go where the cursor was remembered."""
        y, x = self._saved
        if y < self.y:
            self.up(self.y - y)
        self.y, self._x = min(y, len(self.rows) - 1), x

    def _go_to(self, x: int) -> None:
        self._x = min(x, max(self._x, self.rows[self.y].width, FAR))

    def _go_down(self) -> None:
        self.y += 1
        if self.y < len(self.rows):
            return
        self.rows.append(Row())
        if len(self.rows) > HEIGHT:
            self.gone.append(self.rows.pop(0))
            self.y -= 1
            self._saved = (max(0, self._saved[0] - 1), self._saved[1])
            if self.top is not None:
                self.top = max(0, self.top - 1)

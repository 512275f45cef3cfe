"""Tables that people like to read, and tab-separated lines of the same rows for programs.

On a terminal Rich draws them, in colours unless ``NO_COLOR`` is set; what a narrow terminal has no
room for is left out, the least important first. Elsewhere every column is there, times in ISO 8601
and numbers in full.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from runicorn import clock
from runicorn.cli.output import is_terminal
from runicorn.cli.texts import ago, duration, shown, size

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Only texts are folded; what else has no room ends in an ellipsis.
Kind = Literal["text", "id", "status", "number", "time", "duration", "bytes"]
_RIGHT = frozenset({"number", "duration", "bytes"})
_STYLES = {
    "running": "cyan", "finished": "green", "failed": "red", "killed": "red",
    "interrupted": "yellow", "lost": "yellow", "loaded": "green", "left out": "yellow",
    "ok": "green", "note": "cyan", "warning": "yellow", "error": "red",
}  # fmt: skip
# Blanks between two columns, and the narrowest that a column of texts is folded to.
_GAP, _MIN_WIDTH = 2, 16


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its heading.
        kind: How its cells are shown; times are seconds since the epoch, durations seconds.
        rank: The higher, the sooner it is left out where there is no room; 0 never is.
    """

    name: str
    kind: Kind = "text"
    rank: int = 0


def table(columns: Sequence[Column], rows: Iterable[Sequence[Any]], title: str = "") -> list[str]:
    """Write rows as a table.

    Args:
        columns: What they hold.
        rows: A cell a column; ``None`` is empty.
        title: Stands above the table.

    Returns:
        The columns that were left out.
    """
    if is_terminal():
        return _draw(columns, list(rows), title)
    lines = [[shown(column.name) for column in columns]]
    if title:
        sys.stdout.write(f"# {shown(title)}\n")
    for line in (*lines, *(_plain_row(columns, row) for row in rows)):
        sys.stdout.write("\t".join(line) + "\n")
    return []


def facts(title: str, named: Iterable[tuple[str, Any]]) -> None:
    """Write named values, one a line; nothing when there are none.

    Args:
        title: Stands above them; none when empty.
        named: (name, value)
    """
    pairs = [(shown(name), value) for name, value in named]
    if not pairs:
        return
    if not is_terminal():
        heading = [f"# {shown(title)}"] if title else []
        lines = heading + [f"{name}\t{plain('text', value)}" for name, value in pairs]
        sys.stdout.write("\n".join(lines) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        text = pretty("text", value)
        grid.add_row(Text(name), _styled("status" if name == "status" else "text", text))
    console = _console()
    _head(console, title)
    console.print(grid)


def plain(kind: Kind, cell: Any) -> str:
    """Return a cell as a program reads it."""
    if cell is None:
        return ""
    if kind == "time":
        try:
            return datetime.fromtimestamp(cell, UTC).isoformat(timespec="seconds")
        except (OverflowError, OSError, ValueError):  # a document may say anything
            return str(cell)
    if kind == "duration":
        return f"{cell:.3f}"
    return shown(_joined(cell))


def pretty(kind: Kind, cell: Any) -> str:
    """Return a cell as a person reads it."""
    if cell is None:
        return ""
    if kind == "time":
        return ago(cell, clock.now())
    if kind == "duration":
        return duration(cell)
    if kind == "bytes":
        return size(cell)
    if isinstance(cell, float) and cell == cell:  # noqa: PLR0124 - all but NaN
        return f"{cell:.6g}"
    return shown(_joined(cell))


def _plain_row(columns: Sequence[Column], row: Sequence[Any]) -> list[str]:
    return [plain(column.kind, cell) for column, cell in zip(columns, row, strict=True)]


def _joined(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if cell != cell:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    if isinstance(cell, list | tuple):
        return ", ".join(map(_joined, cell))
    if isinstance(cell, dict):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell)


def _draw(columns: Sequence[Column], rows: list[Sequence[Any]], title: str) -> list[str]:
    from rich.table import Table
    from rich.text import Text

    console = _console()
    texts = [
        [pretty(column.kind, cell) for column, cell in zip(columns, row, strict=True)]
        for row in rows
    ]
    drawn = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    chosen = _that_fit(console, columns, texts)
    for at in chosen:
        column = columns[at]
        is_folded = column.kind == "text"
        drawn.add_column(
            Text(shown(column.name)),
            justify="right" if column.kind in _RIGHT else "left",
            no_wrap=not is_folded,
            overflow="fold" if is_folded else "ellipsis",
        )
    for row in texts:
        drawn.add_row(*(_styled(columns[at].kind, row[at]) for at in chosen))
    _head(console, title)
    console.print(drawn)
    return [column.name for at, column in enumerate(columns) if at not in chosen]


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _head(console: Console, title: str) -> None:
    from rich.text import Text

    if title:
        console.print(Text(f"\n{shown(title)}", style="bold"))


def _that_fit(console: Console, columns: Sequence[Column], texts: list[list[str]]) -> list[int]:
    """Choose the columns that there is room for; empty ones are the first to go."""
    from rich.cells import cell_len

    widths = []
    for at, column in enumerate(columns):
        width = max((cell_len(row[at]) for row in texts), default=0)
        folded = min(width, _MIN_WIDTH) if column.kind == "text" else width
        widths.append(max(folded, cell_len(column.name)))
    chosen = [
        at for at, column in enumerate(columns) if not column.rank or any(row[at] for row in texts)
    ]
    while sum(widths[at] + _GAP for at in chosen) - _GAP > console.width:
        ranked = [at for at in chosen if columns[at].rank]
        if not ranked:
            break
        chosen.remove(max(ranked, key=lambda at: columns[at].rank))
    return chosen


def _styled(kind: Kind, text: str) -> Text:
    from rich.text import Text

    return Text(
        text, style=_STYLES.get(text.split(",", maxsplit=1)[0], "") if kind == "status" else ""
    )

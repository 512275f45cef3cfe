"""A terminal: text with control characters and escape sequences moves the cursor of a screen.

Source: ECMA-48, Control Functions for Coded Character Sets, 5th edition 1991, 5 and 8.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from runicorn.console import style
from runicorn.console.screen import HEIGHT, Screen

# An escape sequence that is longer is none, and nobody moves farther than that many digits.
_MAX_SEQUENCE = 4096
_MAX_DIGITS = 5
# One slice of text at a time [characters].
_SLICE = 1 << 20

_TOKEN = re.compile(
    r"([^\x00-\x1f\x7f-\x9f]+)"  # 1: text
    r"|([\x00-\x1a\x1c-\x1f\x7f-\x9f])"  # 2: one control character
    r"|\x1b\[([0-?]{0,256})[ -/]*([@-~])"  # 3, 4: parameters and end of a control sequence
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # titles, links and other strings
    r"|\x1b[ -/]*([0-OQ-WYZ\\`-~])"  # 5: other escape sequences
)
_CUT_OFF = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\n]*\x1b?|[ -/]*)\Z")
# What more than appends: anything but text, newlines and colours.
_MOVES = re.compile(r"[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?!\[[0-9;:]{0,256}m)")


class Terminal:
    """Shows text on a screen.

    Attributes:
        screen: The screen.
    """

    def __init__(self) -> None:
        """Begin with an empty screen."""
        self.screen = Screen()
        self._cut_off = ""

    def feed(self, text: str) -> None:
        """Show text; an escape sequence may be split between two calls."""
        for start in range(0, len(text), _SLICE):
            self._feed(text[start : start + _SLICE])

    def _feed(self, text: str) -> None:
        if self._cut_off:
            text, self._cut_off = self._cut_off + text, ""
        cut = _CUT_OFF.search(text, max(0, len(text) - _MAX_SEQUENCE))
        if cut:
            self._cut_off, text = cut.group(), text[: cut.start()]
        if self.screen.is_at_end and text.count("\n") > HEIGHT and not _MOVES.search(text):
            self._append(text)
        else:
            self._show(text)

    def _append(self, text: str) -> None:
        """Show many lines; all but the last can't be reached again, so they go out as they are."""
        lines = text.split("\n")
        self._show(lines[0] + "\n")
        for line in lines[1:-HEIGHT]:
            if self.screen.style or not _ends_plain(line):
                self._show(line + "\n")
            else:
                self.screen.pass_on(line)
        self._show("\n".join(lines[-HEIGHT:]))

    def _show(self, text: str) -> None:
        screen = self.screen
        for token in _TOKEN.finditer(text):
            words, control, parameters, final, escape = token.groups()
            if words:
                screen.write(words)
            elif control:
                act = _CONTROLS.get(control)
                if act is not None:
                    act(screen)
            elif final == "m":
                if parameters[:1] not in {"<", "=", ">", "?"}:  # private ones are no styles
                    screen.style = style.change(screen.style, parameters or "0")
            elif final:
                _move(screen, final, parameters)
            elif escape:
                act = _ESCAPES.get(escape)
                if act is not None:
                    act(screen)


def _move(screen: Screen, final: str, parameters: str) -> None:
    act = _SEQUENCES.get(final)
    if act is not None:
        first = parameters.partition(";")[0]
        is_number = first.isdecimal() and len(first) <= _MAX_DIGITS
        act(screen, int(first) if is_number else None)


def _reset(screen: Screen) -> None:
    screen.clear()
    screen.style = style.PLAIN


def _ends_plain(line: str) -> bool:
    last = line.rfind("\x1b[")
    return last < 0 or line.startswith(("\x1b[0m", "\x1b[m"), last)


_CONTROLS: dict[str, Callable[[Screen], None]] = {
    "\n": Screen.newline,
    "\r": Screen.return_,
    "\b": Screen.left,
    "\t": Screen.tabulate,
}
_ESCAPES: dict[str, Callable[[Screen], None]] = {
    "7": Screen.save,
    "8": Screen.restore,
    "D": Screen.down,
    "E": Screen.newline,
    "M": Screen.up,
    "c": _reset,
}
_SEQUENCES: dict[str, Callable[[Screen, int | None], None]] = {
    "A": Screen.up,
    "B": Screen.down,
    "C": Screen.right,
    "D": Screen.left,
    "E": Screen.next_row,
    "F": Screen.previous_row,
    "G": Screen.column,
    "J": Screen.erase,
    "K": Screen.erase_in_row,
    "P": Screen.delete,
    "s": Screen.save,
    "u": Screen.restore,
}

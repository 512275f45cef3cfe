"""Styles: the colours and weights of text on a terminal, as the parameters of one escape sequence.

Source: ECMA-48, Control Functions for Coded Character Sets, 5th edition 1991, 8.3.117 (SGR).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

PLAIN = ""
_RESET = "\x1b[0m"

_FLAGS = frozenset("12345789")
# The first of eight colours each: plain and bright ones of the text and of what is behind it.
_FIRST = {30: "fg", 90: "fg", 40: "bg", 100: "bg"}
# What each parameter turns off; the keys of an attribute that is on are its own number, fg or bg.
_OFF = {
    "21": ("1",), "22": ("1", "2"), "23": ("3",), "24": ("4",), "25": ("5",),
    "27": ("7",), "28": ("8",), "29": ("9",), "39": ("fg",), "49": ("bg",),
}  # fmt: skip
_COLOURS = {str(first + i): of for first, of in _FIRST.items() for i in range(8)}
# Followed by a colour in further parameters. The line below a text has its own, which is left out.
_LINE_COLOUR = "58"
_EXTENDED = {"38": "fg", "48": "bg", _LINE_COLOUR: ""}
# Parameters that come after 38;5 (an index) and 38;2 (red, green and blue).
_N_MORE = {"5": 1, "2": 3}


@functools.lru_cache(maxsize=4096)
def change(style: str, parameters: str) -> str:
    """Return the style that text has after an SGR sequence.

    Args:
        style: That before; `PLAIN` or an earlier answer.
        parameters: Those of the sequence, such as ``1;31``. Unknown ones are passed over.
    """
    attributes: dict[str, str] = {}
    for name, value in (*_attributes(style), *_attributes(parameters)):
        if name in _OFF:
            for off in _OFF[name]:
                attributes.pop(off, None)
        elif name == "0":
            attributes.clear()
        else:
            attributes[name] = value
    return ";".join(attributes[name] for name in sorted(attributes))


def is_visible(style: str) -> bool:
    """Tell whether a space of this style can be seen."""
    return any(name in {"bg", "4", "7", "9"} for name, _value in _attributes(style))


def render(spans: Iterable[tuple[str, str]]) -> str:
    """Return (text, style) spans as one text with escape sequences, which ends in plain style."""
    parts, current = [], PLAIN
    for text, style in spans:
        if style != current:
            if current:
                parts.append(_RESET)
            if style:
                parts.append(f"\x1b[{style}m")
            current = style
        parts.append(text)
    if current:
        parts.append(_RESET)
    return "".join(parts)


def _attributes(parameters: str) -> Iterator[tuple[str, str]]:
    words = iter(parameters.split(";"))
    for word in words:
        first, _colon, more = word.partition(":")
        number = first.lstrip("0") or "0"
        if number in _EXTENDED:
            said = word if more else ";".join((number, *_rest_of_colour(words)))
            if number != _LINE_COLOUR:
                yield _EXTENDED[number], said
        elif number in _FLAGS or number in _OFF or (number == "0" and parameters):
            yield number, word
        elif number in _COLOURS:
            yield _COLOURS[number], number


def _rest_of_colour(words: Iterator[str]) -> list[str]:
    kind = next(words, "")
    return [kind, *(next(words, "") for _ in range(_N_MORE.get(kind, 0)))]

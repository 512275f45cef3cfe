r"""Texts: what stands in output, made harmless for terminals and short for people.

Names, tags, notes and logs may come from anybody and hold everything, so no control character of
theirs reaches a terminal: it is shown as ``\x1b`` and the like.
"""

from __future__ import annotations

import re
import unicodedata

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
# Beyond this many days a date says more than a distance.
_FAR_DAYS = 30
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})

# Sequences that terminals act upon. Those with a text inside end before the next escape, so that
# many without an end cost no more than one. Source: ECMA-48, 5.4, 5.6; xterm, "Control Sequences".
_SEQUENCE = re.compile(
    r"(\x1b\[[0-9;:]*m)"  # colours and weights: the only ones that are kept
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
RESET = "\x1b[0m"


def shown(text: str, keep: str = "") -> str:
    r"""Return text that can't steer a terminal: control characters become ``\x1b`` and the like.

    Args:
        text: From anybody.
        keep: Control characters to let through.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character in keep or _is_harmless(character) else _escaped(character)
        for character in text
    )


def escaped_json(text: str) -> str:
    """Return the same JSON with what could steer a terminal spelled as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character == "\n" or _is_harmless(character) else f"\\u{ord(character):04x}"
        for character in text
    )


def shown_log(line: str, *, has_colours: bool) -> str:
    """Return a line of a log without whatever would move, hide or rename something.

    Args:
        line: A line without its newline; of what a carriage return would write over each other
            the last counts.
        has_colours: Whether colours stay.
    """
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part), "")
    if line.isascii() and line.isprintable():
        return line
    parts: list[str] = []
    end, is_coloured = 0, False
    for found in _SEQUENCE.finditer(line):
        parts.append(shown(line[end : found.start()], keep="\t"))
        if found[1] is not None and has_colours:
            parts.append(found[1])
            is_coloured = found[1] not in {RESET, "\x1b[m"}
        end = found.end()
    parts.append(shown(line[end:], keep="\t"))
    if is_coloured:
        parts.append(RESET)
    return "".join(parts)


def ago(then: float, now: float) -> str:
    """Return how long ago something was, or its date once that says more.

    Args:
        then: `[s]`
        now: `[s]`
    """
    passed_s = now - then
    if not 0 <= passed_s < _FAR_DAYS * _DAY_S:
        return moment(then)[:10]
    if passed_s < _MINUTE_S:
        return f"{passed_s:.0f} s ago"
    if passed_s < _HOUR_S:
        return f"{passed_s // _MINUTE_S:.0f} min ago"
    if passed_s < _DAY_S:
        return f"{passed_s // _HOUR_S:.0f} h ago"
    return f"{passed_s // _DAY_S:.0f} d ago"


def moment(then: float) -> str:
    """Return a time as the clock on the wall shows it `[s]`."""
    from datetime import datetime

    try:
        return datetime.fromtimestamp(then).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):  # a document may say anything
        return f"{then:.0f} s"


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units, such as ``2 h 14 min`` `[s]`."""
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S} h"


def size(n_bytes: float) -> str:
    """Return a number of bytes in a unit of three digits."""
    unit = 0
    while n_bytes >= 1000 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - kilo
        n_bytes /= 1000
        unit += 1
    return f"{n_bytes:.0f} B" if unit == 0 else f"{n_bytes:.1f} {_UNITS[unit]}"


def counted(number: int, what: str) -> str:
    """Return a number with its noun, such as ``1 run`` or ``3 runs``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _is_harmless(character: str) -> bool:
    # Cc: control characters; Cs: bytes that are no UTF-8; the others turn the reading direction.
    return (
        unicodedata.category(character) not in {"Cc", "Cs"}
        and unicodedata.bidirectional(character) not in _TURNING
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()

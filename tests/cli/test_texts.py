from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runicorn.cli.texts import ago, duration, shown, shown_log, size

RED, RESET = "\x1b[31m", "\x1b[0m"


@pytest.mark.parametrize(
    ("line", "harmless"),
    [
        ("plain", "plain"),
        ("Grüße 你好 🦄\tx", "Grüße 你好 🦄\tx"),
        (f"{RED}bad{RESET} good", f"{RED}bad{RESET} good"),
        (f"{RED}bad", f"{RED}bad{RESET}"),
        ("\x1b[38;2;1;2;3;48:5:7mx\x1b[m", "\x1b[38;2;1;2;3;48:5:7mx\x1b[m"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;c2VjcmV0", "52;c;c2VjcmV0"),
        ("\x1b[2Jx\x1b[1;1H\x1b[?1049h\x1b[6n", "x"),
        ("\x1bP+q544e\x1b\\x\x1bc\x1b#8\x1b(0", "x"),
        ("\x9b31mx\x9d0;t\x9cy\x90q\x9cz", "xyz"),
        ("10%\r 50%\r100%", "100%"),
        ("done\r", "done"),
        ("a\x08b\x07c\x0bd\x7f", "a\\x08b\\x07c\\x0bd\\x7f"),
        ("\x1b", "\\x1b"),
        ("\x1b[", ""),
        ("safe\u202etxt.exe", "safe\\u202etxt.exe"),
    ],
)
def test_a_line_of_a_log_keeps_its_colours_and_nothing_else_that_steers(
    line: str, harmless: str
) -> None:
    assert shown_log(line, has_colours=True) == harmless
    assert "\x1b" not in shown_log(line, has_colours=False)


@given(st.text(alphabet=st.sampled_from("\x1b[]m;0P\x07\\\x9b\x9dKa\r\x08 é")))
def test_whatever_a_line_holds_only_colours_are_left(line: str) -> None:
    for has_colours in (True, False):
        text = shown_log(line, has_colours=has_colours)
        rest = text.split("\x1b")
        assert all(part.startswith("[") and "m" in part for part in rest[1:])
        assert all(set(part[1 : part.index("m")]) <= set("0123456789;:") for part in rest[1:])
        assert "".join(rest).isprintable()


def test_a_long_line_made_of_beginnings_is_done_at_once() -> None:
    began = time.perf_counter()
    for piece in ("\x1b]", "\x1b[", "\x1bP", "\x9d", "\x1b[0;", "\x1b "):
        shown_log(piece * 200_000, has_colours=True)
    assert time.perf_counter() - began < 30


@given(st.text())
def test_shown_text_has_no_control_characters_and_keeps_harmless_text(text: str) -> None:
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown(text))
    assert shown(shown(text)) == shown(text)


def test_numbers_are_short() -> None:
    assert [size(n) for n in (0, 999, 1000, 1_234_567, 5e15)] == [
        "0 B", "999 B", "1.0 kB", "1.2 MB", "5.0 PB",
    ]  # fmt: skip
    assert [duration(s) for s in (0.04, 59.9, 61, 3661, 90_000)] == [
        "0.0 s", "59.9 s", "1 min 1 s", "1 h 1 min", "1 d 1 h",
    ]  # fmt: skip
    assert [ago(1e9 - s, 1e9) for s in (3, 120, 7200, 200_000)] == [
        "3 s ago", "2 min ago", "2 h ago", "2 d ago",
    ]  # fmt: skip
    assert ago(1e9, 1e9 - 100_000).startswith("2001-09-")
    assert ago(1e300, 1e9).endswith("0000")

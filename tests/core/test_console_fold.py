from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runicorn.console.fold import FIRST_S, HOLD_S, MAX_PAUSE_S, Fold
from runicorn.console.row import columns
from runicorn.console.screen import HEIGHT, MAX_ROW
from runicorn.console.style import change


def lines_of(text: str) -> list[str]:
    fold = Fold()
    fold.feed(text)
    return fold.flush()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("no newline", ["no newline"]),
        ("\n\na\n\n", ["", "", "a", ""]),
        ("tab\tand  blanks  \n", ["tab\tand  blanks  "]),
        ("windows\r\nlines\r\n", ["windows", "lines"]),
        (" 10%\r 50%\r100%\n", ["100%"]),
        ("longer\rabc\n", ["abcger"]),
        ("longer\rabc   \n", ["abc"]),
        ("longer\r\x1b[Kabc\n", ["abc"]),
        ("abc\b\bX\n", ["aXc"]),
        ("abc\x1b[2D\x1b[K!\n", ["a!"]),
        ("abcdef\x1b[3G\x1b[1K\n", ["   def"]),
        ("abcdef\r\x1b[2C\x1b[2P\n", ["abef"]),
        ("a\x1b[4Cb\n", ["a    b"]),
        ("one\ntwo\nthree\x1b[2A\rONE\x1b[2B\rTHREE\n", ["ONE", "two", "THREE"]),
        ("one\ntwo\x1b[F1\x1b[E2\n", ["1ne", "2wo"]),
        ("a\nb\nc\x1b[2A\r\x1b[Jnew\n", ["new"]),
        ("here\x1b7\nthere\x1b8!\n\n", ["here!", "there"]),
        ("\x1b]0;title\x07text\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\\n", ["textlink"]),
        ("\x1b[?25lhidden cursor\x1b[?25h\x07\n", ["hidden cursor"]),
        ("kept\n\x1b[2J\x1b[Hafter a clear\n", ["kept", "after a clear"]),
        ("\x1b[999999999Aa\x1b[99999999999999999Cb\n", ["a b"]),
        ("日本語\rab\n", ["ab本語"]),
        ("日本語\r a\n", [" a本語"]),
        ("日本語\rabcdef\n", ["abcdef"]),
        ("e\u0301te\u0301\rE\n", ["Ete\u0301"]),
        ("\x1b\x1b[日 is no sequence\x1b\n", ["[日 is no sequence"]),
    ],
)
def test_lines_are_what_a_terminal_shows(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("\x1b[31mred\x1b[0m plain\n", ["\x1b[31mred\x1b[0m plain"]),
        ("\x1b[31mred\nstill red\x1b[m\n", ["\x1b[31mred\x1b[0m", "\x1b[31mstill red\x1b[0m"]),
        ("\x1b[1;4;38;5;200mx\x1b[22;24mx\x1b[39mx\n", [
            "\x1b[1;4;38;5;200mx\x1b[0m\x1b[38;5;200mx\x1b[0mx"
        ]),
        ("\x1b[48;2;1;2;3mx\x1b[0m\n", ["\x1b[48;2;1;2;3mx\x1b[0m"]),
        ("\x1b[42m   \x1b[0m\r\x1b[3C\x1b[K\n", ["\x1b[42m   \x1b[0m"]),
        ("\x1b[32mgreen\x1b[0m\rGR\n", ["GR\x1b[32meen\x1b[0m"]),
        ("\x1b[>4;1mno style\n", ["no style"]),
    ],
)  # fmt: skip
def test_colours_are_kept_and_each_line_stands_alone(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


def test_styles_do_not_grow() -> None:
    style = ""
    for i in range(1000):
        style = change(style, f"{30 + i % 8};38;5;{i % 256};{i % 10};58;5;1;4:3;107")
    assert len(style) < 40
    assert change(style, "0") == change(style, "00") == ""


ANYTHING = st.lists(
    st.sampled_from(
        ["a", "bc", "日", "\u0301", " ", "\n", "\r", "\b", "\t", "\x1b", "\x9b", "\x07"]
    )
    | st.sampled_from(["\x1b[A", "\x1b[B", "\x1b[2K", "\x1b[J", "\x1b[31m", "\x1b[m", "\x1b[5G"])
    | st.sampled_from(["\x1b]0;t\x07", "\x1b[3D", "\x1b[2C", "\x1b7", "\x1b8", "[", "m", "1"])
    | st.sampled_from(["x\n" * 120, "\x1b[31my\n" * 130, "\x1b[33mz\x1b[0m\n" * 110])
).map("".join)


@given(ANYTHING, st.lists(st.integers(0, 400)))
def test_text_may_be_cut_anywhere(text: str, cuts: list[int]) -> None:
    fold, start = Fold(), 0
    for cut in [*sorted(cuts), len(text)]:
        fold.feed(text[start:cut])
        start = max(start, cut)
    assert seen(fold.flush()) == seen(lines_of(text))


@given(ANYTHING, st.lists(st.floats(0.0, 100.0)))
def test_no_moment_of_looking_loses_a_last_state(text: str, pauses: list[float]) -> None:
    fold, now, logged = Fold(), 0.0, []
    for i, pause in enumerate(pauses):
        fold.feed(text[i : i + 1])
        now += pause
        logged += fold.take(now)
    fold.feed(text[len(pauses) :])
    logged += fold.flush()
    assert set(filter(str.strip, seen(lines_of(text)))) <= set(seen(logged))
    assert fold.flush() == []


def seen(lines: list[str]) -> list[str]:
    """Leave out colours, which may be written in more than one way."""
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]


def test_a_line_is_logged_as_soon_as_it_is_whole() -> None:
    fold = Fold()
    fold.feed("whole\n\nnot yet")
    assert fold.take(0.0) == ["whole", ""]
    assert fold.take(1.0) == []
    fold.feed(" but now\n")
    assert fold.take(2.0) == ["not yet but now"]


def test_a_bar_is_logged_now_and_then_and_once_at_its_end() -> None:
    fold, logged, now = Fold(), [], 0.0
    for percent in range(101):
        fold.feed(f"\r{percent:3d}%|")
        now += 10.0
        logged += [(now, line) for line in fold.take(now)]
    fold.feed("\ndone\n")
    assert fold.take(now) == ["100%|", "done"]
    times = [at for at, _line in logged]
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= FIRST_S
    assert pauses[-1] <= MAX_PAUSE_S
    assert 20 <= len(logged) <= 60


def test_a_quick_bar_is_one_line() -> None:
    fold, now = Fold(), 0.0
    for percent in range(101):
        fold.feed(f"\r{percent:3d}%|")
        now += 0.04
        assert fold.take(now) == []
    fold.feed("\n")
    assert fold.take(now) == ["100%|"]


def test_bars_below_each_other_wait_until_they_are_done_while_lines_above_go_out() -> None:
    fold, now, logged = Fold(), 0.0, []
    fold.feed("one 0\ntwo 0")
    for i in range(1, 20):
        above = f"line {i}\x1b[K\n" if i % 5 == 0 else ""
        fold.feed(f"\r\x1b[A{above}one {i}\ntwo {i}")
        now += 0.2
        logged += fold.take(now)
    assert logged == ["line 5", "line 10", "line 15"]
    fold.feed("\nafter\n")
    assert fold.take(now + 1.0) == []
    assert fold.take(now + HOLD_S + 1.0) == ["one 19", "two 19", "after"]


def test_a_bar_that_is_wiped_out_leaves_nothing() -> None:
    assert lines_of("\r 10%\r 90%\r    \rnext\n") == ["next"]
    assert lines_of("before\nbar\x1b[2K\r") == ["before"]


def test_rows_far_up_are_out_of_reach_and_a_row_without_end_is_broken() -> None:
    text = "".join(f"{i}\n" for i in range(3 * HEIGHT))
    assert lines_of(text) == [str(i) for i in range(3 * HEIGHT)]
    assert (
        lines_of(text + f"\x1b[{2 * HEIGHT}A!")[2 * HEIGHT + 1] == f"!{2 * HEIGHT + 1}"[:1] + "01"
    )
    lines = lines_of("x" * (2 * MAX_ROW + 5))
    assert "".join(lines) == "x" * (2 * MAX_ROW + 5)
    assert len(lines) == 2


def test_columns_are_those_of_a_terminal() -> None:
    assert columns("abc") == 3
    assert columns("日本 e\u0301\u200d█") == 7

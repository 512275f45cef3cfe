"""Patterns, held against those of Python, and their limits."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runicorn.index.patterns import MAX_LENGTH, Pattern, PatternError

_ATOMS = st.sampled_from(
    ["a", "B", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", "^", "$", "[ab]", "[^a]",
     r"[a-c\d]", "[]a]", r"[\]-a]", "[a-]", r"\.", r"\n", "-", "_", "1", "é", "{", "a{", "{,}"]
)  # fmt: skip
_COUNTS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "*?", "{2}?"])
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(st.tuples(inner, _COUNTS).map("".join), max_size=3).map("".join),
        st.tuples(inner, inner).map("|".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"(?:{text})"),
    ),
    max_leaves=8,
)
_TEXTS = st.lists(st.text("aAbB1_ .-\né", max_size=8), min_size=1, max_size=3)


@settings(max_examples=400)
@given(pattern=_PATTERNS, texts=_TEXTS, ignores_case=st.booleans())
@example(pattern="(a|b)*?c{0}$", texts=["", "ab"], ignores_case=False)
def test_a_pattern_matches_what_it_matches_in_python(
    pattern: str, texts: list[str], ignores_case: bool
) -> None:
    pattern = f"(?i){pattern}" if ignores_case else pattern
    try:
        # Python's $ also stands before a last line end.
        expected = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern))
    except re.error:
        with pytest.raises(PatternError):
            Pattern(pattern)
        return
    ours = Pattern(pattern)
    for text in texts:
        assert ours.search(text) == (expected.search(text) is not None), (pattern, text)


@pytest.mark.parametrize(
    ("pattern", "at", "message"),
    [
        ("a(b", 1, r"this \( is not closed"),
        ("ab)", 2, r"this \) closes nothing"),
        ("[ab", 0, r"this \[ is not closed"),
        ("*a", 0, r"nothing stands before \*"),
        ("a**", 2, "repeated again"),
        ("^*", 1, "can't be repeated"),
        ("a{1001}", 1, "a count goes up to 1000"),
        ("a{2,1}", 1, "the smaller first"),
        ("[b-a]", 1, "from a lower character"),
        (r"[a-\d]", 1, "from a lower character"),
        ("a\\", 1, r"nothing stands behind the last \\"),
        (r"a\1", 1, r"\\1 is not known"),
        (r"\p", 0, r"\\p is not known"),
        ("(?=a)", 0, "of groups with"),
        ("a(?P<n>a)", 1, "of groups with"),
        ("(" * 31, 30, "nest up to 30"),
        ("a" * (MAX_LENGTH + 1), MAX_LENGTH, "at most 200 characters"),
        ("(a{1000}){1000}", 0, "too big"),
        ("((((a{50}){50}){50}){50}){50}", 0, "too big"),
        ("((){1000}){1000}", 0, "too big"),
        ("((){999}){999}", 0, "too big"),
    ],
)
def test_what_is_no_pattern_is_told_with_its_place(pattern: str, at: int, message: str) -> None:
    began = time.monotonic()
    with pytest.raises(PatternError, match=message) as caught:
        Pattern(pattern)
    assert caught.value.at == at
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*)(.*)(.*)(.*)b", "(x+x+)+y"]
)
def test_patterns_that_explode_elsewhere_take_no_longer_here(pattern: str) -> None:
    began = time.monotonic()
    assert not Pattern(pattern).search("a" * 5_000 + "!")
    assert time.monotonic() - began < 5


def test_what_is_remembered_of_a_pattern_has_a_limit() -> None:
    pattern = Pattern("x$")
    for start in range(0x4E00, 0x4E00 + 20_000, 5_000):
        assert not pattern.search("".join(map(chr, range(start, start + 5_000))))
    assert len(pattern._steps) <= 10_000

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.errors import InvalidValueError
from runicorn.pieces import Piece


def one(page: Any) -> Piece:
    (piece,) = rn.Html(page).pieces("k")
    assert (piece.kind, piece.extension, piece.data) == ("html", "html", {})
    return piece


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "", "just words", "é 漢\n<p>", "<a href='x.html'>x.html"]
)
def test_a_page_is_kept_as_it_is(text: str) -> None:
    assert one(text).content == text.encode()


def test_half_a_character_does_not_stop_a_page() -> None:
    assert one("a\ud800").content == b"a\\ud800"


def test_a_file_is_taken_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("<p>", encoding="utf-8")
    assert one(path).content == path
    assert one(str(path)).content == path


@pytest.mark.parametrize("wrong", ["no/such/page.html", Path("no"), None, b"<p>", 3, Path()])
def test_what_is_no_page_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidValueError, match="'k'"):
        one(wrong)

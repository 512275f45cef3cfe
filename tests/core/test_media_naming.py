from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runicorn.media.naming import extension_of, new_name, safe_key

NAME = re.compile(r"\d{13}_[0-9a-f]{6}_(.+)\.png")


@pytest.mark.parametrize(
    ("key", "safe"),
    [
        ("val/sample", "val_sample"), ("../../etc/passwd", ".._.._etc_passwd"), ("a b", "a_b"),
        ("漢字/éß", "漢字_éß"), ("e\u0301", "é"), ("😀", "😀"), ('a\\b:c*d?"<>|', "a_b_c_d_____"),
        ("\0\n\u202e\ud800", "____"), ("...", "_"), ("x.", "x"), ("", "_"), ("con", "con"),
    ],
)  # fmt: skip
def test_a_key_becomes_a_part_of_a_name(key: str, safe: str) -> None:
    assert safe_key(key) == safe


@pytest.mark.parametrize("key", ["x" * 300, "漢" * 300, "😀" * 300, "e\u0301" * 300])
def test_a_long_key_is_cut_between_characters(key: str) -> None:
    safe = safe_key(key)
    assert 80 <= len(safe.encode()) <= 90
    assert set(safe) <= {"x", "漢", "😀", "é"}


@given(st.text())
def test_every_key_names_a_file_that_can_be_made(
    tmp_path_factory: pytest.TempPathFactory, key: str
) -> None:
    name = new_name(key, "png")
    assert NAME.fullmatch(name)
    assert len(name.encode()) <= 143
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(b"")
    assert [found.name for found in Path(path.parent).glob(f"{name[:21]}*")] == [name]
    path.unlink()


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.png", "png"), ("a.tar.gz", "tar.gz"), ("a", ""), (".a", ""), ("a.b/c", ""), ("a.é", "")],
)
def test_extensions_are_those_that_every_system_knows(name: str, extension: str) -> None:
    assert extension_of(name) == extension
    assert new_name("k", extension).endswith(f"_k.{extension}" if extension else "_k")


def test_an_extension_that_leads_elsewhere_is_left_out() -> None:
    assert new_name("k", "../x").endswith("_k")

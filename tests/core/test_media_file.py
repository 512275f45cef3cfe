from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.errors import InvalidValueError
from runicorn.pieces import Piece


def one(path: Any) -> Piece:
    (piece,) = rn.File(path).pieces("k")
    assert piece.kind == "file"
    return piece


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("model.onnx", "onnx"), ("data.tar.gz", "tar.gz"), ("README", ""), (".bashrc", ""),
        ("a.b.Csv", "Csv"), ("x.", ""), ("x.{bad}", ""), ("x." + "y" * 40, ""),
    ],
)  # fmt: skip
def test_a_file_keeps_its_name_and_extension(tmp_path: Path, name: str, extension: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"content")
    piece = one(path)
    assert (piece.content, piece.extension, piece.data) == (path, extension, {"name": name})


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"x")
    link = tmp_path / "link.bin"
    link.symlink_to("target")
    assert one(link).extension == "bin"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("gone")
    wrong: list[Any] = [tmp_path, tmp_path / "pipe", tmp_path / "nowhere", "gone", "\0", None, 3]
    for path in wrong:
        with pytest.raises(InvalidValueError, match="'k'"):
            one(path)

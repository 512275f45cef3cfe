from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import runicorn as rn
from runicorn.errors import InvalidValueError
from runicorn.media.png import encode_png
from runicorn.pieces import Piece

mpl.use("agg")

GREY = np.array([[0, 128, 255], [10, 20, 30]], np.uint8)
COLOUR = np.arange(2 * 5 * 3, dtype=np.uint8).reshape(2, 5, 3) * 8


def one(image: Any, *arguments: Any, **options: Any) -> Piece:
    (piece,) = rn.Image(image, *arguments, **options).pieces("k")
    return piece


def decoded(piece: Piece) -> np.ndarray[Any, Any]:
    assert isinstance(piece.content, bytes)
    return np.asarray(PIL.Image.open(io.BytesIO(piece.content)))


def encoded(image: PIL.Image.Image, name: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("array", "shown", "mode"),
    [
        (GREY, GREY, "L"),
        (GREY[..., None], GREY, "L"),
        (GREY.astype(np.int64), GREY, "L"),
        (GREY.astype(np.float64) / 255, GREY, "L"),
        (GREY.astype(np.float32) / 255, GREY, "L"),
        (GREY > 100, (GREY > 100) * np.uint8(255), "L"),
        (COLOUR, COLOUR, "RGB"),
        (COLOUR.transpose(2, 0, 1), COLOUR, "RGB"),
        (COLOUR[:, :, [0, 1, 2, 0]], COLOUR[:, :, [0, 1, 2, 0]], "RGBA"),
        (GREY.tolist(), GREY, "L"),
        ([[0.0, 1.0]], np.array([[0, 255]], np.uint8), "L"),
        (np.array([[0.0, 1.0]], np.float16), np.array([[0, 255]], np.uint8), "L"),
        (np.asfortranarray(COLOUR), COLOUR, "RGB"),
    ],
)
def test_arrays_become_png_pixel_by_pixel(
    array: Any, shown: np.ndarray[Any, Any], mode: str
) -> None:
    piece = one(array)
    height, width = shown.shape[:2]
    assert piece.kind == "image"
    assert piece.data == {"format": "png", "width": width, "height": height, "mode": mode}
    assert np.array_equal(decoded(piece), shown)


def test_tensors_of_any_precision_and_with_gradient_are_taken() -> None:
    torch = pytest.importorskip("torch")
    chw = torch.tensor(COLOUR).permute(2, 0, 1)
    assert np.array_equal(decoded(one(chw)), COLOUR)
    floats = (chw / 255).requires_grad_()
    assert np.array_equal(decoded(one(floats * 1.0)), COLOUR)
    assert decoded(one(torch.ones(4, 4, dtype=torch.bfloat16))).tolist() == [[255] * 4] * 4
    assert decoded(one(torch.zeros(1, 3, 2, dtype=torch.float16))).shape == (3, 2)
    assert decoded(one(torch.eye(3, dtype=torch.bool))).tolist() == (np.eye(3) * 255).tolist()
    # (3, H, 3): a tensor has its channels first, an array last.
    assert decoded(one(torch.zeros(3, 5, 3))).shape == (5, 3, 3)
    assert decoded(one(np.zeros((3, 5, 3)))).shape == (3, 5, 3)
    with pytest.raises(InvalidValueError, match="can't be read"):
        one(torch.zeros(2, 2, device="meta"))
    with pytest.raises(InvalidValueError, match="complex64"):
        one(torch.zeros(2, 2, dtype=torch.complex64))


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (
            np.array([[-1.0, 1.0]], np.float32),
            r"floats go from 0 to 1, these from -1 to 1.*value_range=\(-1",
        ),
        (np.array([[0.0, 255.0]], np.float32), "from 0 to 255"),
        (np.array([[0, 256]], np.int32), "integers go from 0 to 255"),
        (np.array([[65535]], np.uint16), "these from 65535"),
    ],
)
def test_numbers_beyond_their_range_are_refused_and_told(array: Any, told: str) -> None:
    with pytest.raises(InvalidValueError, match=told):
        one(array)


def test_a_little_beyond_is_rounding() -> None:
    assert decoded(one([[-1e-4, 1.0005]])).tolist() == [[0, 255]]


def test_a_value_range_says_what_is_black_and_white_and_clips() -> None:
    assert decoded(one([[-1.0, 0.0, 1.0, 9.0]], value_range=(-1, 1))).tolist() == [
        [0, 128, 255, 255]
    ]
    assert decoded(one(np.array([[0, 65535]], np.uint16), value_range=(0, 65535))).tolist() == [
        [0, 255]
    ]
    assert decoded(one(np.array([[0, 1]], np.uint8), value_range=(0, 1))).tolist() == [[0, 255]]
    for bad in ((1, 0), (0, 0), (0, np.inf), (np.nan, 1)):
        with pytest.raises(InvalidValueError, match="value_range"):
            one([[0.0]], value_range=bad)


def test_what_is_not_finite_is_counted_and_black_or_white() -> None:
    piece = one([[np.nan, np.inf, -np.inf, 0.2, np.nan]])
    assert piece.data["nonfinite"] == {"NaN": 2, "Infinity": 1, "-Infinity": 1}
    assert decoded(piece).tolist() == [[0, 255, 0, 51, 0]]
    assert decoded(one(np.full((2, 2), np.nan))).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros(3), np.zeros((2, 2, 2)), np.zeros((0, 4)), np.zeros((2, 2, 3, 3, 3)), np.zeros(()),
        np.array([["a"]]), np.array([[1j]]), [[1, 2], [3]], object(), None, 3, {},
        np.array([[np.datetime64("2026-01-01")]]), b"no picture", b"", "/no/such/file.png", ".",
        Path("\0"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_and_named(wrong: Any) -> None:
    with pytest.raises(InvalidValueError, match="'k'"):
        one(wrong)


@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2, 3, 4])),
    )
)
def test_every_array_of_pixels_is_read_back_from_its_png(pixels: np.ndarray[Any, Any]) -> None:
    read = np.asarray(PIL.Image.open(io.BytesIO(encode_png(pixels))))
    assert np.array_equal(read.reshape(pixels.shape), pixels)


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_other_formats_are_made_with_their_quality(name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    fine, coarse = one(noise, None, name, 95), one(noise, None, name, quality=5)
    assert fine.extension == fine.data["format"] == name
    assert decoded(fine).shape == (64, 64, 3)
    assert isinstance(fine.content, bytes)
    assert isinstance(coarse.content, bytes)
    assert len(coarse.content) < len(fine.content) / 2
    assert one(noise, None, "jpg").data["format"] == "jpeg"


@pytest.mark.parametrize("options", [{"format": "bmp"}, {"quality": 0}, {"quality": 101}])
def test_other_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match=r"format|quality"):
        one(GREY, **options)


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"]
)
def test_images_of_pillow_of_every_mode_are_taken(mode: str, name: str) -> None:
    piece = one(PIL.Image.new(mode, (4, 3)), None, name)
    assert (piece.data["width"], piece.data["height"]) == (4, 3)
    assert decoded(piece).shape[:2] == (3, 4)


def test_what_is_transparent_becomes_white_in_a_jpeg() -> None:
    clear = PIL.Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert decoded(one(clear, None, "jpeg")).min() > 250
    assert decoded(one(np.zeros((8, 8, 4), np.uint8), None, "jpeg")).min() > 250


@pytest.mark.parametrize("mode", ["I", "F"])
def test_images_of_pillow_without_limits_are_refused(mode: str) -> None:
    with pytest.raises(InvalidValueError, match="value_range"):
        one(PIL.Image.new(mode, (2, 2)))


def test_a_truncated_picture_of_pillow_is_refused() -> None:
    noise = PIL.Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    image = PIL.Image.open(io.BytesIO(encoded(noise, "PNG")[:2000]))
    with pytest.raises(InvalidValueError, match="can't be written"):
        one(image)


@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "webp", "bmp", "tiff", "avif"])
def test_files_and_bytes_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    content = encoded(PIL.Image.new("RGB", (7, 5)), name)
    piece = one(content)
    assert piece.content == content
    assert piece.extension == piece.data["format"] == name
    if name in {"png", "jpeg", "gif"}:
        assert (piece.data["width"], piece.data["height"]) == (7, 5)
    path = tmp_path / "picture.of.anything"
    path.write_bytes(content)
    for given_path in (path, str(path)):
        kept = one(given_path)
        assert kept.content == path
        assert kept.data == piece.data
    assert one(bytearray(content)).content == content


def test_a_jpeg_with_a_long_comment_still_tells_its_size() -> None:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (70, 50)).save(buffer, "JPEG", comment=b"x" * 60_000, progressive=True)
    piece = one(buffer.getvalue())
    assert (piece.data["width"], piece.data["height"]) == (70, 50)


@pytest.mark.parametrize(
    "text",
    [
        "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "\ufeff<?xml version='1.0'?>\n<!-- by hand -->\n<!DOCTYPE svg>\n<svg />",
    ],
)
def test_a_drawing_is_kept_as_it_is_and_never_looked_into(text: str) -> None:
    piece = one(text.encode())
    assert piece.content == text.encode()
    assert piece.data == {"format": "svg"}


def test_lists_and_batches_become_a_gallery_in_order() -> None:
    pieces = rn.Image([GREY, PIL.Image.new("L", (9, 9))], ["first", None]).pieces("k")
    assert [piece.data["index"] for piece in pieces] == [0, 1]
    assert [piece.data.get("caption") for piece in pieces] == ["first", None]
    assert [piece.data["width"] for piece in pieces] == [3, 9]
    batch = rn.Image(np.zeros((4, 3, 8, 6), np.float32), format="jpeg").pieces("k")
    assert [piece.data["format"] for piece in batch] == ["jpeg"] * 4
    assert batch[3].data["index"] == 3
    assert (batch[0].data["width"], batch[0].data["height"]) == (6, 8)
    mixed = rn.Image([rn.Image(GREY, "mine"), GREY]).pieces("k")
    assert [piece.data.get("caption") for piece in mixed] == ["mine", None]


@pytest.mark.parametrize("captions", [["one"], ["one", "two", "three"], ["one", 2]])
def test_a_gallery_takes_one_caption_a_picture(captions: list[Any]) -> None:
    with pytest.raises(InvalidValueError, match="caption"):
        rn.Image([GREY, GREY], captions).pieces("k")


def test_an_empty_gallery_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="0 images"):
        rn.Image([]).pieces("k")


def test_a_figure_can_be_given_as_an_image() -> None:
    from matplotlib.figure import Figure

    piece = one(Figure(figsize=(2, 1), dpi=50))
    assert (piece.data["width"], piece.data["height"]) == (100, 50)


def test_without_pillow_only_what_needs_it_is_refused() -> None:
    script = """
import sys
sys.modules["PIL"] = sys.modules["PIL.Image"] = None
import numpy as np
import runicorn as rn
from runicorn.errors import InvalidValueError
(png,) = rn.Image(np.zeros((3, 4))).pieces("k")
(kept,) = rn.Image(png.content).pieces("k")
assert kept.data == {"format": "png", "width": 4, "height": 3}
try:
    rn.Image(np.zeros((3, 4)), format="jpeg").pieces("k")
except InvalidValueError as error:
    print(error)
"""
    command = [sys.executable, "-c", script]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "pip install pillow" in child.stdout

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import PIL.Image
import pytest

import runicorn as rn
from runicorn.errors import InvalidValueError
from runicorn.pieces import Piece

# Four frames, from black to white.
FRAMES = np.repeat(np.array([0, 85, 170, 255], np.uint8), 16 * 24 * 3).reshape(4, 16, 24, 3)


def one(video: Any, *arguments: Any, **options: Any) -> Piece:
    (piece,) = rn.Video(video, *arguments, **options).pieces("k")
    return piece


def grey_of_gif(piece: Piece) -> list[int]:
    assert isinstance(piece.content, bytes)
    image = PIL.Image.open(io.BytesIO(piece.content))
    levels = []
    for index in range(image.n_frames):  # type: ignore[attr-defined]
        image.seek(index)
        levels.append(int(np.asarray(image.convert("L")).mean().round()))
    return levels


def grey_of_mp4(piece: Piece, folder: Path) -> list[float]:
    assert isinstance(piece.content, bytes)
    path = folder / "film.mp4"
    path.write_bytes(piece.content)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo"]
    child = subprocess.run([*command, "-pix_fmt", "gray", "-"], capture_output=True, check=True)
    assert f" {piece.data['fps']:g} fps".encode() in child.stderr
    read = np.frombuffer(child.stdout, np.uint8).reshape(piece.data["n_frames"], -1)
    return [float(frame.mean()) for frame in read]


@pytest.mark.parametrize(
    "array",
    [
        FRAMES, FRAMES.transpose(0, 3, 1, 2), FRAMES[..., 0], FRAMES / 255, list(FRAMES),
        [PIL.Image.fromarray(frame) for frame in FRAMES],
    ],
    ids=["t,H,W,C", "t,C,H,W", "t,H,W", "floats", "list", "pillow"],
)  # fmt: skip
def test_arrays_become_a_gif_frame_by_frame(array: Any) -> None:
    piece = one(array, 5, None, "gif")
    assert (piece.kind, piece.extension) == ("video", "gif")
    assert piece.data == {"format": "gif", "width": 24, "height": 16, "n_frames": 4, "fps": 5.0}
    assert grey_of_gif(piece) == [0, 85, 170, 255]


def test_a_gif_lasts_as_long_as_was_said() -> None:
    content = one(FRAMES, 10, format="gif").content
    assert isinstance(content, bytes)
    assert PIL.Image.open(io.BytesIO(content)).info["duration"] == 100


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_arrays_become_an_mp4_that_can_be_played(tmp_path: Path, channels: int) -> None:
    frames = np.concatenate([FRAMES, FRAMES[..., :1]], axis=-1)[..., :channels]
    if channels == 4:
        frames[..., 3] = 255
    piece = one(frames, 8, "a film", "mp4")
    assert piece.data == {"format": "mp4", "width": 24, "height": 16, "n_frames": 4, "fps": 8.0}
    assert np.allclose(grey_of_mp4(piece, tmp_path), [0, 85, 170, 255], atol=3)


def test_odd_sides_are_padded(tmp_path: Path) -> None:
    piece = one(np.full((2, 5, 7), 255, np.uint8), 4, format="mp4")
    assert (piece.data["width"], piece.data["height"]) == (7, 5)
    assert len(grey_of_mp4(piece, tmp_path)) == 2


def test_tensors_are_taken_and_what_is_not_finite_is_counted() -> None:
    torch = pytest.importorskip("torch")
    film = torch.zeros(3, 3, 8, 8, dtype=torch.bfloat16)
    film[0, 0, 0, 0] = torch.nan
    piece = one(film.requires_grad_(), format="gif")
    assert piece.data["nonfinite"] == {"NaN": 1}


@pytest.mark.parametrize(
    ("wrong", "options", "told"),
    [
        (FRAMES, {"fps": 0}, "fps"), (FRAMES, {"fps": np.nan}, "fps"),
        (FRAMES, {"fps": "4"}, "fps"), (FRAMES, {"format": "avi"}, "format"),
        (FRAMES[0, 0], {}, "no picture"),
        (FRAMES[:0], {}, "no pixels"), (FRAMES / 2, {}, "floats go"),
        ([FRAMES[0], FRAMES[0, :4]], {}, "one shape"), ([], {}, "one shape"), (b"x", {}, "no film"),
        ("/no/such.mp4", {}, "does not exist"), (None, {}, "'k'"),
    ],
)  # fmt: skip
def test_what_is_no_film_is_refused_and_told(
    wrong: Any, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidValueError, match=told):
        one(wrong, **options)


def test_files_are_kept_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "film"
    for content in (one(FRAMES, format="mp4").content, one(FRAMES, format="gif").content):
        assert isinstance(content, bytes)
        path.write_bytes(content)
        assert one(path).content == path
        assert one(content).content == content
    assert one(path).data == {"format": "gif", "width": 24, "height": 16}
    assert one(b"\x1aE\xdf\xa3..matroska").data == {"format": "mkv"}


def test_without_an_encoder_of_mp4_a_gif_is_made_and_mp4_is_refused() -> None:
    script = """
import sys
sys.modules["imageio_ffmpeg"] = None
import numpy as np
import runicorn as rn
from runicorn.errors import InvalidValueError
frames = np.zeros((2, 4, 4), np.uint8)
assert rn.Video(frames).pieces("k")[0].extension == "gif"
sys.modules["PIL"] = sys.modules["PIL.Image"] = None
for name in ("mp4", "gif", None):
    try:
        rn.Video(frames, format=name).pieces("k")
    except InvalidValueError as error:
        print(error)
"""
    command = [sys.executable, "-c", script]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    told = child.stdout.splitlines()
    assert len(told) == 3
    assert "pip install imageio-ffmpeg" in told[0]
    assert all("pip install pillow" in line for line in told[1:])

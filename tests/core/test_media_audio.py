from __future__ import annotations

import io
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runicorn as rn
from runicorn.errors import InvalidValueError
from runicorn.pieces import Piece

TONE = np.sin(np.arange(800) / 10).astype(np.float32)


def one(audio: Any, *arguments: Any) -> Piece:
    (piece,) = rn.Audio(audio, *arguments).pieces("k")
    return piece


def samples(piece: Piece) -> np.ndarray[Any, Any]:
    assert isinstance(piece.content, bytes)
    with wave.open(io.BytesIO(piece.content)) as file:
        assert file.getframerate() == piece.data["sample_rate"]
        assert file.getnchannels() == piece.data["channels"]
        read = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return read.reshape(-1, piece.data["channels"])


def test_floats_become_16_bits() -> None:
    piece = one(TONE, 8000)
    assert (piece.kind, piece.extension) == ("audio", "wav")
    assert piece.data == {"format": "wav", "sample_rate": 8000, "channels": 1, "duration_s": 0.1}
    assert np.allclose(samples(piece)[:, 0] / 32767, TONE, atol=1e-4)
    assert samples(one([1.0, -1.0, 0.0], 8000)).tolist() == [[32767], [-32767], [0]]


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int16])
def test_both_orders_of_channels_are_taken(dtype: Any) -> None:
    stereo = (np.stack([TONE, -TONE], axis=1) * (30_000 if dtype == np.int16 else 1)).astype(dtype)
    for given in (stereo, stereo.T):
        piece = one(given, 44100)
        assert piece.data["channels"] == 2
        expected = stereo if dtype == np.int16 else stereo.astype(np.float32) * 32767
        assert np.allclose(samples(piece), expected, atol=1)


def test_tensors_are_taken() -> None:
    torch = pytest.importorskip("torch")
    piece = one(torch.tensor(TONE)[None].to(torch.bfloat16).requires_grad_(), 16000)
    assert np.allclose(samples(piece)[:, 0] / 32767, TONE, atol=0.01)


def test_what_is_a_little_too_loud_is_clipped_and_counted() -> None:
    piece = one([0.0, 1.5, -2.0, 1.0], 8000)
    assert piece.data["n_clipped"] == 2
    assert samples(piece)[:, 0].tolist() == [0, 32767, -32767, 32767]


def test_what_is_not_finite_is_silent_and_counted() -> None:
    piece = one([np.nan, np.inf, 0.5], 8000)
    assert piece.data["nonfinite"] == {"NaN": 1, "Infinity": 1}
    assert samples(piece)[:2, 0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("wrong", "rate", "told"),
    [
        (TONE, None, "sample_rate"), (TONE, 0, "sample_rate"), (TONE, 44100.0, "sample_rate"),
        (TONE, True, "sample_rate"), (TONE * 30_000, 8000, "scale them"), ([], 8000, "no sound"),
        (np.zeros((2, 2, 2)), 8000, "no sound"), (np.zeros((100, 100)), 8000, "no sound"),
        (np.zeros(4, np.int64), 8000, "int64"), (b"noise", 8000, "known"), (None, 8000, "'k'"),
        ("/no/such.wav", None, "does not exist"),
    ],
)  # fmt: skip
def test_what_is_no_sound_is_refused_and_told(wrong: Any, rate: Any, told: str) -> None:
    with pytest.raises(InvalidValueError, match=told):
        one(wrong, rate)


def test_files_are_kept_and_a_wav_tells_its_length(tmp_path: Path) -> None:
    content = one(TONE, 8000).content
    assert isinstance(content, bytes)
    path = tmp_path / "tone"
    path.write_bytes(content)
    for given in (content, path, str(path)):
        kept = one(given)
        assert kept.content == (content if given is content else path)
        assert kept.data == one(TONE, 8000).data


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"ID3\x04", "mp3"), (b"\xff\xfb\x90\0", "mp3"), (b"fLaC\0", "flac"), (b"OggS\0", "ogg"),
        (b"\0\0\0\x20ftypM4A \0", "m4a"), (b"\x1aE\xdf\xa3....webm", "webm"),
    ],
)  # fmt: skip
def test_other_formats_are_known_by_how_they_begin(head: bytes, name: str) -> None:
    assert one(head).data == {"format": name}


def test_a_wav_of_floats_is_kept_without_its_length() -> None:
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 40, b"WAVE", b"fmt ", 16, 3, 1, 8000, 32000,
                         4, 32, b"data", 4)  # fmt: skip
    assert one(header + b"\0\0\0\0").data == {"format": "wav"}
    assert one(header[:20]).data == {"format": "wav"}

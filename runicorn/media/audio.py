"""Audio: a sound from a file or an array; arrays are written as WAV."""

from __future__ import annotations

import io
import wave
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runicorn.errors import InvalidValueError
from runicorn.media.arrays import as_array, split_nonfinite
from runicorn.media.encoded import as_content, known_format
from runicorn.pieces import Content, Media, Piece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KNOWN = frozenset({"wav", "mp3", "ogg", "flac", "m4a", "mp4", "webm"})
MAX_CHANNELS = 64
MAX_RATE = 2**31
_FULL = 32767
# A peak a little above 1 is common and is clipped; one far above is another scale.
_MAX_PEAK = 4.0


class Audio(Media):
    """A sound. Files and bytes are kept as they are."""

    def __init__(
        self, audio: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        """Remember the sound; it is encoded when it is logged.

        Args:
            audio: A path or the bytes of a sound file, or an array or tensor (n,), (n, channels) or
                (channels, n), the longer dimension being time: int16, or floats from -1 to 1; what
                is a little louder is clipped.
            sample_rate: Of an array `[Hz]`.
            caption: A line about it.
        """
        self._audio = audio
        self._rate = sample_rate
        self.caption = caption

    def pieces(self, key: str) -> list[Piece]:
        """Encode the sound."""
        content = as_content(key, self._audio)
        if content is not None:
            return [_kept(key, content)]
        samples, said = _samples(key, self._audio)
        rate = self._rate
        if not isinstance(rate, int) or isinstance(rate, bool) or not 0 < rate < MAX_RATE:
            raise InvalidValueError(key, rate, f"an array needs sample_rate in Hz, not {rate!r}")
        n, channels = samples.shape
        data = {"format": "wav", "sample_rate": rate, "channels": channels, "duration_s": n / rate}
        return [Piece("audio", {**data, **said}, "wav", _wav(samples, rate))]


def _kept(key: str, content: Content) -> Piece:
    name, _head = known_format(key, content, _KNOWN, "sound")
    data: dict[str, Any] = {"format": name}
    if name == "wav":
        # What the module `wave` can't read, such as 32 bits of float, is kept without its length.
        with (
            suppress(wave.Error, EOFError, OSError, ZeroDivisionError),
            wave.open(io.BytesIO(content) if isinstance(content, bytes) else str(content)) as file,
        ):
            data |= {
                "sample_rate": file.getframerate(),
                "channels": file.getnchannels(),
                "duration_s": file.getnframes() / file.getframerate(),
            }
    return Piece("audio", data, name, content)


def _samples(key: str, audio: Any) -> tuple[NDArray[np.int16], dict[str, Any]]:
    """Return (n, channels), and what had to be changed."""
    import numpy as np

    array = as_array(key, audio)
    if array.ndim == 1:
        array = array[:, None]
    elif array.ndim == 2 and array.shape[0] < array.shape[1]:  # noqa: PLR2004
        array = array.T
    if array.ndim != 2 or not array.size or array.shape[1] > MAX_CHANNELS:  # noqa: PLR2004
        raise InvalidValueError(
            key, audio, f"an array of shape {array.shape} is no sound; wanted is (n, channels)"
        )
    if array.dtype == np.int16:
        return array, {}
    if array.dtype.kind != "f":
        raise InvalidValueError(key, audio, f"a sound holds int16 or floats, not {array.dtype}")
    finite, nonfinite = split_nonfinite(array)
    values = np.where(finite, array, 0.0).astype(np.float32)
    peak = float(np.abs(values).max())
    if peak > _MAX_PEAK:
        raise InvalidValueError(
            key, audio, f"floats go from -1 to 1, these up to {peak:.6g}: scale them"
        )
    n_clipped = int((np.abs(values) > 1.0).sum())
    said: dict[str, Any] = {"n_clipped": n_clipped} if n_clipped else {}
    if nonfinite:
        said["nonfinite"] = nonfinite
    return np.rint(np.clip(values, -1.0, 1.0) * _FULL).astype(np.int16), said


def _wav(samples: NDArray[np.int16], rate: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()

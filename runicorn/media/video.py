"""Video: a film from a file or an array; arrays become MP4 or GIF."""

from __future__ import annotations

import io
import math
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runicorn.errors import InvalidValueError
from runicorn.media.arrays import as_array
from runicorn.media.encoded import as_content, known_format
from runicorn.media.image import image_of
from runicorn.media.pixels import to_pixels
from runicorn.media.sniffing import size_of
from runicorn.pieces import Content, Media, Piece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMATS = ("mp4", "gif")
MAX_FPS = 1000.0
_KNOWN = frozenset({"mp4", "webm", "mkv", "mov", "gif", "avi", "ogg"})
_PIXEL_FORMATS = {1: "gray", 3: "rgb24", 4: "rgba"}
# Who waits longer for a film has waited for something that hangs [s].
_ENCODING_S = 600.0
# A GIF counts hundredths of a second, and browsers slow down what is faster than two [ms].
_GIF_TICK_MS = 10
_GIF_MIN_MS = 20


class Video(Media):
    """A film. Files and bytes are kept as they are."""

    def __init__(
        self,
        video: Any,
        fps: float = 10.0,
        caption: str | None = None,
        format: str | None = None,  # noqa: A002 - the word everybody uses
        *,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        """Remember the film; it is encoded when it is logged.

        Args:
            video: A path or the bytes of a film, an array or tensor (t, H, W), (t, H, W, C) or
                (t, C, H, W) with values as of `Image`, or a list of such frames.
            fps: Frames per second of an array.
            caption: A line about it.
            format: ``mp4``, which needs imageio-ffmpeg, or ``gif``, which needs Pillow; the better
                one that there is when ``None``.
            value_range: What is black and what is white in an array; see `Image`.
        """
        self._video = video
        self._fps = fps
        self._format = format
        self._value_range = value_range
        self.caption = caption

    def pieces(self, key: str) -> list[Piece]:
        """Encode the film."""
        content = as_content(key, self._video)
        if content is not None:
            return [_kept(key, content)]
        if self._format is not None and self._format not in FORMATS:
            reason = f"format is one of {', '.join(FORMATS)}, not {self._format!r}"
            raise InvalidValueError(key, self._format, reason)
        fps = _check_fps(key, self._fps)
        frames, nonfinite = to_pixels(key, self._frames(key), 4, self._value_range)
        name, encoded = self._encode(key, frames, fps)
        n_frames, height, width, _channels = frames.shape
        data = {"format": name, "width": width, "height": height, "n_frames": n_frames, "fps": fps}
        if nonfinite:
            data["nonfinite"] = nonfinite
        return [Piece("video", data, name, encoded)]

    def _frames(self, key: str) -> Any:
        video = self._video
        if not isinstance(video, list | tuple):
            return video
        import numpy as np

        frames = [as_array(key, frame) for frame in video]
        if len({frame.shape for frame in frames}) != 1:
            raise InvalidValueError(key, None, "the frames of a film are all of one shape")
        return np.stack(frames)

    def _encode(self, key: str, frames: NDArray[np.uint8], fps: float) -> tuple[str, bytes]:
        if self._format == "gif":
            return "gif", _gif(key, frames, fps)
        try:
            return "mp4", _mp4(frames, fps)
        except (ImportError, RuntimeError, OSError, subprocess.SubprocessError) as error:
            if self._format == "mp4":
                told = getattr(error, "stderr", None) or error
                reason = f"MP4 needs imageio-ffmpeg (pip install imageio-ffmpeg): {told!s}"
                raise InvalidValueError(key, None, reason) from error
            return "gif", _gif(key, frames, fps)


def _kept(key: str, content: Content) -> Piece:
    name, head = known_format(key, content, _KNOWN, "film")
    size = size_of(head, name)
    shape = {} if size is None else {"width": size[0], "height": size[1]}
    return Piece("video", {"format": name, **shape}, name, content)


def _check_fps(key: str, fps: Any) -> float:
    is_number = isinstance(fps, int | float) and not isinstance(fps, bool)
    if not is_number or not math.isfinite(fps) or not 0 < fps <= MAX_FPS:
        raise InvalidValueError(key, fps, f"fps is a number up to {MAX_FPS:g}, not {fps!r}")
    return float(fps)


def _mp4(frames: NDArray[np.uint8], fps: float) -> bytes:
    """Encode frames (t, H, W, C) as H.264, which every browser plays."""
    import imageio_ffmpeg

    _n, height, width, channels = frames.shape
    source = ["-f", "rawvideo", "-pix_fmt", _PIXEL_FORMATS[channels], "-s", f"{width}x{height}"]
    # H.264 with shared colours wants even sides.
    target = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    with tempfile.TemporaryDirectory(prefix="runicorn-") as folder:
        path = Path(folder) / "film.mp4"
        command = [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", *source),
            *("-r", f"{fps}", "-i", "pipe:0", *target, "-movflags", "+faststart", str(path)),
        ]
        subprocess.run(  # noqa: S603 - a program and words of our own
            command,
            input=frames.tobytes(),
            capture_output=True,
            check=True,
            timeout=_ENCODING_S,
        )
        return path.read_bytes()


def _gif(key: str, frames: NDArray[np.uint8], fps: float) -> bytes:
    first, *others = (image_of(key, frame) for frame in frames)
    duration_ms = max(_GIF_MIN_MS, round(1000 / fps / _GIF_TICK_MS) * _GIF_TICK_MS)
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=duration_ms, loop=0)
    return buffer.getvalue()

"""Sniffing: what kind of picture, sound or film some bytes are, from how they begin."""

from __future__ import annotations

import re
from pathlib import Path

# As much of a file as is looked at [bytes]; the size of a JPEG may stand behind its thumbnails.
HEAD_BYTES = 256 << 10

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"ID3", "mp3"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
)
_RIFF = {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}
_BRANDS = {b"avif": "avif", b"M4A ": "m4a", b"qt  ": "mov"}
# Markers of a JPEG that begin a frame: all SOF, but not DHT, JPG and DAC, which lie among them.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SVG = re.compile(rb"\s*(<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg[\s>]", re.DOTALL)


def head_of(content: bytes | Path) -> bytes:
    """Return the beginning of some content.

    Raises:
        OSError: The file can't be read.
    """
    if isinstance(content, bytes):
        return content[:HEAD_BYTES]
    with content.open("rb") as file:
        return file.read(HEAD_BYTES)


def format_of(head: bytes) -> str | None:
    """Name the format of some content by its usual extension; ``None`` when it is none known.

    Source: the specifications of the formats; ISO/IEC 14496-12 for ``ftyp``.
    """
    for beginning, name in _BEGINNINGS:
        if head.startswith(beginning):
            return name
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "webm" if b"webm" in head[:64] else "mkv"
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "mp4")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # noqa: PLR2004 - a frame of layer III
        return "mp3"
    return "svg" if _SVG.match(head[:4096].removeprefix(b"\xef\xbb\xbf")) else None


def size_of(head: bytes, name: str) -> tuple[int, int] | None:
    """Return (width, height) `[pixels]` of a PNG, JPEG or GIF; ``None`` when they don't say."""
    if name == "png" and len(head) >= 24:  # noqa: PLR2004 - signature, length, IHDR, two numbers
        return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    if name == "gif" and len(head) >= 10:  # noqa: PLR2004 - signature, two numbers
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    return _size_of_jpeg(head) if name == "jpeg" else None


def _size_of_jpeg(head: bytes) -> tuple[int, int] | None:
    """Walk the segments of a JPEG to the one that says its size.

    Source: ITU-T T.81, B.1.1.3 and B.2.2.
    """
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004 - every marker begins so
        marker = head[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - padding
            at += 1
        elif marker in _FRAMES:
            height, width = head[at + 5 : at + 7], head[at + 7 : at + 9]
            return int.from_bytes(width), int.from_bytes(height)
        else:
            at += 2 + int.from_bytes(head[at + 2 : at + 4])
    return None

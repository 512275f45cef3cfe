"""PNG: writes an array of pixels as a file that every viewer knows; needs nothing but NumPy.

Source: W3C, Portable Network Graphics (Third Edition), sections 5 (chunks) and 9 (filters).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Colour types by the number of channels: grey, grey with alpha, colour, colour with alpha.
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_UP = 2
_LEVEL = 6


def encode_png(pixels: NDArray[Any]) -> bytes:
    """Encode pixels.

    Args:
        pixels: 8 bits unsigned, (height, width, channels), 1 to 4 channels.
    """
    import numpy as np

    height, width, channels = pixels.shape
    # Every row as its difference to the row above, which compresses well for most pictures.
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 0] = _UP
    flat = pixels.reshape(height, width * channels)
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(rows.tobytes(), _LEVEL)
    return b"".join(
        (_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

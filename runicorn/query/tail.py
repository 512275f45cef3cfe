"""Tails: lines of a text file that grows, in order and complete, even if it is cut or replaced."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from runicorn.files import open_regular

# One read of a log, and the longest line given out whole [bytes].
BLOCK_BYTES = 256 << 10
MAX_LINE_BYTES = 1 << 20
# So much before the offset is compared, to notice a file that was cut and written anew [bytes].
SEAM_BYTES = 64


class LogPosition:
    """Where one reader stands in one file.

    Attributes:
        n_restarts: How often the file turned out to be another one and was read from its start.
    """

    def __init__(self, path: Path) -> None:
        self.n_restarts = 0
        self._path = path
        self._offset = 0
        self._inode = 0
        self._seam = b""

    def skip_to_last(self, n_lines: int) -> None:
        """Go to where the last lines of the file begin; a line without a newline counts.

        Args:
            n_lines: How many.
        """
        try:
            with open_regular(self._path) as file:
                self._inode = os.fstat(file.fileno()).st_ino
                self._offset = _start_of_last(file, n_lines)
                file.seek(max(0, self._offset - SEAM_BYTES))
                self._seam = file.read(min(self._offset, SEAM_BYTES))
        except OSError:
            return

    def read(self) -> list[str]:
        """Return the next complete lines, none when there are no more for now."""
        try:
            with open_regular(self._path, buffering=0) as file:
                block = self._read_on(file)
        except OSError:
            return []
        end = block.rfind(b"\n") + 1
        if not end and len(block) >= MAX_LINE_BYTES:
            end = _end_of_character(block)  # a line without end is given out in pieces
        if not end:
            return []
        self._pass(block[:end])
        return block[:end].removesuffix(b"\n").decode("utf-8", "replace").split("\n")

    def read_rest(self) -> list[str]:
        """Return what stands behind the last newline, once nothing more is to come."""
        try:
            with open_regular(self._path, buffering=0) as file:
                block = self._read_on(file)
        except OSError:
            return []
        self._pass(block)
        return [block.decode("utf-8", "replace")] if block else []

    def _pass(self, given_out: bytes) -> None:
        self._offset += len(given_out)
        self._seam = (self._seam + given_out)[-SEAM_BYTES:]

    def _read_on(self, file: BinaryIO) -> bytes:
        """Read on from the offset, or from the start if this is not the file that was read before.

        What stands before the offset is compared in the same read that brings what follows it, so
        that nobody can write the file anew between the two.
        """
        seen = os.fstat(file.fileno())
        if seen.st_ino == self._inode and seen.st_size >= self._offset:
            block = _read_line_or_more(file, self._offset - len(self._seam), len(self._seam))
            if block.startswith(self._seam):
                return block[len(self._seam) :]
        self.n_restarts += self._inode != 0
        self._inode, self._offset, self._seam = seen.st_ino, 0, b""
        return _read_line_or_more(file, 0, 0)


def _start_of_last(file: BinaryIO, n_lines: int) -> int:
    """Return the offset at which the last lines of a file begin."""
    end = file.seek(0, os.SEEK_END)
    if n_lines <= 0:
        return end
    wanted, at = n_lines, end
    file.seek(max(0, end - 1))
    if file.read(1) == b"\n":  # it ends the last line and begins none
        wanted += 1
    while at > 0:
        start = max(0, at - BLOCK_BYTES)
        file.seek(start)
        block = file.read(at - start)
        place = len(block)
        while (place := block.rfind(b"\n", 0, place)) >= 0:
            wanted -= 1
            if not wanted:
                return start + place + 1
        at = start
    return 0


def _read_line_or_more(file: BinaryIO, offset: int, n_known: int) -> bytes:
    """Read a block behind so many known bytes, and on to the end of its first line, but no more."""
    file.seek(offset)
    block = file.read(n_known + BLOCK_BYTES)
    while b"\n" not in block[n_known:] and BLOCK_BYTES <= len(block) - n_known < MAX_LINE_BYTES:
        more = file.read(BLOCK_BYTES)
        if not more:
            break
        block += more
    return block


def _end_of_character(block: bytes) -> int:
    """Return an end that cuts no character of UTF-8 apart."""
    end = len(block)
    while end > len(block) - 4 and block[end - 1] & 0xC0 == 0x80:  # noqa: PLR2004 - 10xxxxxx goes on
        end -= 1
    # What begins here goes on behind the end, unless it is a character of one byte.
    return end - 1 if block[end - 1] >= 0xC0 else len(block)  # noqa: PLR2004 - 11xxxxxx begins one

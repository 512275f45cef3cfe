"""Writing media: the files of one call, each whole before the event that tells of it.

A file appears under its name only when it is complete. It is not forced to the disk: like the lines
of a journal, it is with the kernel, and a killed process loses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from runicorn.errors import InvalidValueError
from runicorn.layout import MEDIA_FOLDER, RunDir
from runicorn.media.naming import new_name
from runicorn.pieces import Content, Media, Piece, captioned
from runicorn.values import Convert, plain_document

# A name holds the time and 24 random bits; one that is taken is drawn again.
_ATTEMPTS = 100
# One read of a file that is copied [bytes].
_BLOCK_BYTES = 1 << 20
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


@dataclass(slots=True)
class WrittenMedia:
    """Media of one call whose files are on disk; their events are still to be written.

    Attributes:
        events: (type, data without the step) of each, in order.
        paths: The files.
        error: What the disk said when it did not take one, which then has no event; or ``None``.
    """

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    error: OSError | None = None

    def discard(self) -> None:
        """Remove the files: no event will tell of them."""
        _remove(self.paths)


def write_media(folder: RunDir, media: Mapping[str, Media], convert: Convert) -> WrittenMedia:
    """Check and encode media, then write their files.

    Args:
        folder: The run.
        media: By key.
        convert: Makes numbers of other libraries in the data of events Python's.

    Returns:
        What is on disk now. Trouble with the disk is kept in it instead of raised.

    Raises:
        InvalidValueError: Something can't be encoded; nothing was written.
    """
    encoded = [
        (key, piece, _as_json(piece.data, convert))
        for key, item in media.items()
        for piece in captioned(item, key)
    ]
    written = WrittenMedia()
    for key, piece, data in encoded:
        paths: list[Path] = []
        try:
            event = {"key": key, **_write_piece(folder, key, piece, paths), **data}
        except OSError as error:
            _remove(paths)
            written.error = error
        else:
            written.paths += paths
            written.events.append((piece.kind, event))
    return written


def source_file(key: str, path: object) -> Path:
    """Return a path whose file can be copied.

    Raises:
        InvalidValueError: It is no path, there is no such file, or it can't be read.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidValueError(key, path, f"takes the path of a file, not {path!r}")
    try:
        file = Path(path)
        is_file = file.is_file()
        if is_file:
            file.open("rb").close()
    except (OSError, ValueError, TypeError) as error:
        raise InvalidValueError(key, path, f"{str(path)!r} can't be read: {error}") from error
    if not is_file:
        reason = "is no file" if file.exists() else "does not exist"
        raise InvalidValueError(key, path, f"{str(path)!r} {reason}")
    return file


def _as_json(data: dict[str, Any], convert: Convert) -> dict[str, Any]:
    try:
        orjson.dumps(data)
    except TypeError:  # of a type of a plugin, or a text that UTF-8 can't hold
        return plain_document(data, convert)
    return data


def _write_piece(folder: RunDir, key: str, piece: Piece, paths: list[Path]) -> dict[str, Any]:
    """Write the files of one piece and return what the event says of its content."""
    for name, content in piece.attachments.items():
        if not _write_new(folder.media / name, content):
            raise FileExistsError(f"{folder.media / name} exists")
        paths.append(folder.media / name)
    if piece.content is None:
        return {}
    for _ in range(_ATTEMPTS):
        path = folder.media / new_name(key, piece.extension)
        if _write_new(path, piece.content):
            paths.append(path)
            return {"path": f"{MEDIA_FOLDER}/{path.name}", "size_bytes": path.stat().st_size}
    raise FileExistsError(f"no name is free in {folder.media}")


def _write_new(path: Path, content: Content) -> bool:
    """Write a file that does not exist; a reader sees it whole or not at all.

    Returns:
        Whether the name was free.
    """
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o644)
    except FileExistsError:
        return False
    try:
        with os.fdopen(file, "wb") as target:
            if isinstance(content, Path):
                with content.open("rb") as source:
                    while block := source.read(_BLOCK_BYTES):
                        target.write(block)
            else:
                target.write(content)
        # Whoever else wanted this name is done with it: the temporary one was free.
        if path.exists():
            temporary.unlink()
            return False
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    return True


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()

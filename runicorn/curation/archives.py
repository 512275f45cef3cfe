"""Archives: run folders packed into a zip or tar.gz, to be kept or to be imported elsewhere.

Members lie as they lie in a root, ``<project>/<name>/runs/<run_id>/…``, behind a small manifest. A
run that still records is packed as far as it has come. `runicorn.curation.unpacking` reads them.
"""

from __future__ import annotations

import os
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import orjson

from runicorn import clock
from runicorn.files import open_regular
from runicorn.layout import RunDir

ARCHIVE_FORMAT = 1
MANIFEST = "runicorn-archive.json"
BLOCK_BYTES = 1 << 20
# A zip knows no time before 1980. Source: PKWARE, APPNOTE.TXT, 4.4.6.
_FIRST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_ZIP64_BYTES = 1 << 31

Kind = Literal["zip", "tar.gz"]
Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""


@dataclass(slots=True)
class Packed:
    """What was packed.

    Attributes:
        runs: The runs in their order.
        n_bytes: Before compression `[bytes]`.
    """

    runs: list[RunDir]
    n_files: int = 0
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    member: str
    size: int
    modified_at: float


class _Writer(Protocol):
    def add(self, member: str, content: BinaryIO, size: int, modified_at: float) -> None: ...

    def close(self) -> None: ...


def pack(
    root: Path,
    folders: Sequence[RunDir],
    target: BinaryIO,
    kind: Kind,
    progress: Progress | None = None,
) -> Packed:
    """Write runs into an archive.

    Args:
        root: The root they lie in.
        folders: The runs.
        target: Where to write; need not be seekable.
        kind: What kind of archive.
        progress: Told as files are packed.

    Raises:
        OSError: A file can't be read or the target can't be written.
    """
    files = {folder.id: list(_files(root, folder)) for folder in folders}
    packed = Packed(list(folders))
    total = sum(file.size for listed in files.values() for file in listed)
    writer: _Writer = _ZipWriter(target) if kind == "zip" else _TarWriter(target)
    manifest = orjson.dumps(_manifest(folders, files), option=orjson.OPT_INDENT_2)
    writer.add(MANIFEST, BytesIO(manifest), len(manifest), clock.now())
    for file in (file for listed in files.values() for file in listed):
        try:
            content = open_regular(file.path)
        except FileNotFoundError:  # replaced or removed since it was listed
            continue
        with content:
            # What is appended meanwhile is left out: a member's size is said before its content.
            size = os.fstat(content.fileno()).st_size
            writer.add(file.member, content, size, file.modified_at)
        packed.n_files += 1
        packed.n_bytes += size
        if progress is not None:
            progress(min(packed.n_bytes, total), total)
    writer.close()
    return packed


def _files(root: Path, folder: RunDir) -> Iterator[_File]:
    """List the regular files of a run; markers and temporary files begin with a dot."""
    for path, folders, names in os.walk(folder.path):
        folders.sort()
        for name in sorted(names):
            file = Path(path, name)
            if name.startswith(".") and file.parent == folder.path:
                continue
            if file.is_symlink() or not file.is_file():
                continue
            seen = file.stat()
            member = file.relative_to(root).as_posix()
            yield _File(file, member, seen.st_size, seen.st_mtime)


def _manifest(folders: Sequence[RunDir], files: dict[str, list[_File]]) -> dict[str, object]:
    runs = [
        {
            "id": folder.id,
            "project": folder.project,
            "name": folder.name,
            "n_files": len(files[folder.id]),
            "n_bytes": sum(file.size for file in files[folder.id]),
        }
        for folder in folders
    ]
    return {"format": ARCHIVE_FORMAT, "created_at": clock.now(), "runs": runs}


class _ZipWriter:
    def __init__(self, target: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)

    def add(self, member: str, content: BinaryIO, size: int, modified_at: float) -> None:
        when = max(time.localtime(modified_at)[:6], _FIRST_ZIP_TIME)
        info = zipfile.ZipInfo(member, when)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o100644 << 16
        with self._zip.open(info, "w", force_zip64=size >= _ZIP64_BYTES) as target:
            for block in _blocks(content, size):
                target.write(block)

    def close(self) -> None:
        self._zip.close()


class _TarWriter:
    def __init__(self, target: BinaryIO) -> None:
        self._tar = tarfile.open(fileobj=target, mode="w:gz", compresslevel=6)  # noqa: SIM115 - closed in close()

    def add(self, member: str, content: BinaryIO, size: int, modified_at: float) -> None:
        info = tarfile.TarInfo(member)
        info.size, info.mtime, info.mode = size, modified_at, 0o644
        self._tar.addfile(info, content)

    def close(self) -> None:
        self._tar.close()


def _blocks(content: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (block := content.read(min(BLOCK_BYTES, size))):
        size -= len(block)
        yield block

"""Unpacking: runs from an archive that may come from anybody.

Everything is unpacked into a folder of its own in the root, which readers pass over, and each run
is put into its place by one rename, so that an import that is cut off leaves nothing half. Nothing
that exists is touched. An archive with one member that is not to be trusted is refused as a whole.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from runicorn.curation.archives import BLOCK_BYTES, Progress
from runicorn.curation.finding import folders_by_id
from runicorn.curation.moving import place
from runicorn.documents import read_document, text_of
from runicorn.errors import ArchiveError, ConflictError, InvalidNameError
from runicorn.layout import RUNS, RunDir, run_dir

# What an import that was killed leaves in the root; readers pass over names with a dot.
IMPORT_PREFIX = ".import-"
MAX_DEPTH = 64
MAX_PART_BYTES = 255
# The smallest entry of a zip's directory. Source: PKWARE, APPNOTE.TXT, 4.3.12.
_ZIP_ENTRY_BYTES = 46
_ZIP_ENTRY = b"PK\x01\x02"
# No header of a tar is longer: a longer one is made to fill the memory.
_MAX_READ_BYTES = 4 << 20
_DRIVE = re.compile(r"[A-Za-z]:")
_FORBIDDEN = frozenset('\\:*?"<>|' if os.name == "nt" else "\\")
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, RuntimeError,
    NotImplementedError, ValueError, IndexError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may unpack to.

    Attributes:
        max_bytes: In all `[bytes]`.
        max_members: Files and folders.
        max_ratio: Unpacked size over the archive's, beyond the first `free_bytes`.
    """

    max_bytes: int = 10 << 30
    max_members: int = 1_000_000
    max_ratio: int = 200
    free_bytes: int = 64 << 20


NO_LIMITS = Limits(max_bytes=1 << 62, max_members=1 << 62, free_bytes=1 << 62)
"""For archives of one's own; names and links are checked all the same."""


@dataclass(slots=True)
class Unpacked:
    """What an import did.

    Attributes:
        added: The new runs.
        skipped: Why others were left out, by run id.
        n_ignored: Members that belong to no run.
        n_bytes: Unpacked `[bytes]`.
    """

    added: list[RunDir] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    n_files: int = 0
    n_ignored: int = 0
    n_bytes: int = 0


def unpack(
    root: Path, archive: BinaryIO, limits: Limits | None = None, progress: Progress | None = None
) -> Unpacked:
    """Import the runs of an archive: zip, tar or tar.gz, told by its content.

    Args:
        root: The root; made when it is missing.
        archive: Must be seekable.
        limits: 10 GiB, 1,000,000 members and a ratio of 200 when ``None``.
        progress: Told (bytes of the archive read, its size).

    Raises:
        ArchiveError: It is damaged, too big or not to be trusted; nothing was imported.
        OSError: The disk refused; nothing was imported half.
    """
    limits = limits or Limits()
    root.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=IMPORT_PREFIX, dir=root))
    try:
        meter = _Meter(limits, archive, progress)
        staged = _Staged(staging, set(folders_by_id(root)))
        _take_all(archive, staged, meter)
        return staged.settle(root, meter)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _take_all(archive: BinaryIO, staged: _Staged, meter: _Meter) -> None:
    try:
        for member in _members(archive, meter):
            staged.take(member, meter)
    except ArchiveError:
        raise
    except _DAMAGE as error:
        raise ArchiveError(None, f"is damaged: {error}") from error


class _Meter:
    """Counts what comes out of an archive and stops it at the limits."""

    def __init__(self, limits: Limits, archive: BinaryIO, progress: Progress | None) -> None:
        self.limits = limits
        self.n_bytes = 0
        self.n_members = 0
        self._archive = archive
        self._progress = progress
        self.archive_size = archive.seek(0, os.SEEK_END)
        archive.seek(0)

    def count_member(self) -> None:
        self.n_members += 1
        if self.n_members > self.limits.max_members:
            raise ArchiveError(None, f"has more than {self.limits.max_members} members")
        if self._progress is not None:
            done = min(self._archive.tell(), self.archive_size)
            self._progress(done, self.archive_size)

    def count_bytes(self, n_bytes: int) -> None:
        self.n_bytes += n_bytes
        if self.n_bytes > self.limits.max_bytes:
            raise ArchiveError(None, f"unpacks to more than {self.limits.max_bytes} bytes")
        is_large = self.n_bytes > self.limits.free_bytes
        if is_large and self.n_bytes > self.limits.max_ratio * self.archive_size:
            ratio = self.limits.max_ratio
            raise ArchiveError(None, f"unpacks to more than {ratio} times its size")


@dataclass(frozen=True, slots=True)
class _Member:
    """One regular file of an archive; its content can be read until the next one is asked for."""

    name: str
    parts: tuple[str, ...]
    content: IO[bytes]
    is_counted: bool


class _Staged:
    """The folder that an archive is unpacked into, a numbered folder for each run."""

    def __init__(self, folder: Path, taken: set[str]) -> None:
        self._folder = folder
        self._taken = taken
        self._runs: dict[str, tuple[tuple[str, ...], Path]] = {}
        self._unpacked = Unpacked()

    def take(self, member: _Member, meter: _Meter) -> None:
        """Unpack one member, if it belongs to a run that is to be imported."""
        split = _split(member)
        if split is None:
            self._unpacked.n_ignored += 1
            return
        above, run_id, rest = split
        if run_id in self._taken:
            self._unpacked.skipped[run_id] = "a run with this id exists"
            return
        known, target = self._runs.setdefault(run_id, (above, self._folder / str(len(self._runs))))
        if known != above:
            raise ArchiveError(member.name, f"is of run {run_id}, which lies at two places")
        _copy(member, target.joinpath(*rest), meter)
        self._unpacked.n_files += 1

    def settle(self, root: Path, meter: _Meter) -> Unpacked:
        """Put the unpacked runs into their places."""
        targets = {
            run_id: _target(root, above, run_id, folder)
            for run_id, (above, folder) in self._runs.items()
        }
        for run_id, target in targets.items():
            try:
                place(root, self._runs[run_id][1], target)
            except ConflictError as error:
                self._unpacked.skipped[run_id] = str(error)
            else:
                self._unpacked.added.append(target)
        self._unpacked.n_bytes = meter.n_bytes
        return self._unpacked


def _split(member: _Member) -> tuple[tuple[str, ...], str, tuple[str, ...]] | None:
    """Cut a path into what lies above ``runs``, the run id and the path inside of the run."""
    parts = member.parts
    if RUNS not in parts or parts[0] == "artifacts":
        return None
    at = parts.index(RUNS)
    above, rest = parts[:at], parts[at + 2 :]
    # Neither the flat layout nor <project>/<name>; or a marker or temporary file of the other root.
    if len(above) == 1 or not rest or rest[0].startswith("."):
        return None
    try:
        run_dir(Path(), above[0] if above else "p", "/".join(above[1:]) or "n", parts[at + 1])
    except InvalidNameError as error:
        raise ArchiveError(member.name, f"has a name that no run can have: {error}") from error
    return above, parts[at + 1], rest


def _target(root: Path, above: tuple[str, ...], run_id: str, folder: Path) -> RunDir:
    if above:
        return run_dir(root, above[0], "/".join(above[1:]), run_id)
    # The flat layout of old is not written any more; the run's own words say where it belongs.
    meta, _ = read_document(folder / "meta.json")
    try:
        return run_dir(
            root, text_of(meta, "project") or "default", text_of(meta, "name") or "default", run_id
        )
    except InvalidNameError:
        return run_dir(root, "default", "default", run_id)


def _copy(member: _Member, target: Path, meter: _Meter) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = target.open("xb")
    except (FileExistsError, NotADirectoryError) as error:
        raise ArchiveError(member.name, "is there twice, or both a file and a folder") from error
    with file:
        while block := member.content.read(BLOCK_BYTES):
            if not member.is_counted:
                meter.count_bytes(len(block))
            file.write(block)


def _members(archive: BinaryIO, meter: _Meter) -> Iterator[_Member]:
    """Iterate over the regular files; folders are passed over, all else refuses the archive."""
    head = archive.read(512)
    archive.seek(0)
    if head[:2] == b"PK":
        yield from _zip_members(archive, meter)
    elif head[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=archive) as stream:
            yield from _tar_members(stream, meter)
    elif head[257:262] == b"ustar":
        yield from _tar_members(archive, meter)
    else:
        raise ArchiveError(None, "is neither a zip nor a tar or tar.gz")


def _zip_members(archive: BinaryIO, meter: _Meter) -> Iterator[_Member]:
    _check_zip_directory(archive, meter)
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            meter.count_member()
            name = info.orig_filename
            parts = _checked(name)
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise ArchiveError(name, "is a link or a device")
            if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise ArchiveError(name, "is compressed in an unusual way")
            if info.is_dir() or not parts:
                continue
            with file.open(info) as content:
                yield _Member(name, parts, content, is_counted=False)


def _check_zip_directory(archive: BinaryIO, meter: _Meter) -> None:
    """Refuse a zip of too many members before its directory is read into memory as a whole."""
    if meter.archive_size // _ZIP_ENTRY_BYTES <= meter.limits.max_members:
        return
    archive.seek(0)
    n_entries, kept = 0, b""
    while block := archive.read(BLOCK_BYTES):
        block = kept + block
        n_entries += block.count(_ZIP_ENTRY)
        kept = block[-len(_ZIP_ENTRY) + 1 :]
    if n_entries > meter.limits.max_members:
        raise ArchiveError(None, f"has more than {meter.limits.max_members} members")
    archive.seek(0)


def _tar_members(stream: BinaryIO | gzip.GzipFile, meter: _Meter) -> Iterator[_Member]:
    metered = _Metered(stream, meter)
    with closing(tarfile.open(fileobj=metered, mode="r:")) as file:
        while (info := file.next()) is not None:
            file.members = []  # type: ignore[attr-defined] # it would keep a million of them
            meter.count_member()
            parts = _checked(info.name)
            if info.isdir():
                continue
            if not info.isreg() or info.issparse():
                raise ArchiveError(info.name, "is a link, a device or a sparse file")
            content = file.extractfile(info)
            if content is not None and parts:
                yield _Member(info.name, parts, content, is_counted=True)
    # The library takes a damaged header for the end; the real end is a block of zeros.
    if metered.last.strip(b"\0"):
        raise ArchiveError(None, "is cut off or damaged")
    while metered.read(BLOCK_BYTES):  # to the checksum at the end of the gzip
        pass


class _Metered(io.RawIOBase):
    """What a tar is read from: counts every byte that comes out, and only goes forward."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, meter: _Meter) -> None:
        super().__init__()
        self._stream = stream
        self._meter = meter
        self._at = 0
        self.last = b"cut off"

    def read(self, size: int = -1) -> bytes:
        """Read up to a number of bytes."""
        if not 0 <= size <= _MAX_READ_BYTES:
            raise ArchiveError(None, "has a header that is made to fill the memory")
        block = self._stream.read(size)
        self._at += len(block)
        self._meter.count_bytes(len(block))
        self.last = block or b"cut off"
        return block

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go on to a place further behind."""
        if whence != os.SEEK_SET or offset < self._at:
            raise ArchiveError(None, "has a header that leads backwards")
        while self._at < offset and self.read(min(BLOCK_BYTES, offset - self._at)):
            pass
        return self._at

    def tell(self) -> int:
        """Return how much was read `[bytes]`."""
        return self._at

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true: forward."""
        return True


def _checked(name: str) -> tuple[str, ...]:
    """Return the parts of a member's path, or refuse it."""
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        raise ArchiveError(name, "has an absolute path")
    parts = name.removesuffix("/").split("/")
    while parts and parts[0] == ".":
        del parts[0]
    if ".." in parts:
        raise ArchiveError(name, "leads out of the archive")
    if len(parts) > MAX_DEPTH:
        raise ArchiveError(name, f"lies more than {MAX_DEPTH} folders deep")
    for part in parts:
        _check_part(name, part)
    return tuple(parts)


def _check_part(name: str, part: str) -> None:
    if part in {"", "."}:
        raise ArchiveError(name, "has an empty part in its path")
    # Cc: control characters; Cs: bytes that are no UTF-8.
    if any(
        character in _FORBIDDEN or unicodedata.category(character) in {"Cc", "Cs"}
        for character in part
    ):
        raise ArchiveError(name, "has a character that no file name should have")
    if len(part.encode()) > MAX_PART_BYTES:
        raise ArchiveError(name, f"has a part of more than {MAX_PART_BYTES} bytes")

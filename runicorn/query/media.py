"""Media of a run, straight from its journals: what was logged, where its files lie, tables read.

A run's folder may come from anybody, so no path in it is trusted to stay inside, and nothing of its
content is executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from runicorn.errors import StorageError
from runicorn.events import Event, as_number, decode
from runicorn.files import join_inside, open_regular, read_json
from runicorn.journal import iter_lines
from runicorn.layout import MEDIA_FOLDER, RunDir
from runicorn.media.cells import MIXED, read_cell
from runicorn.texts import is_clean

MEDIA_KINDS = frozenset({"image", "audio", "video", "table", "histogram", "html", "figure", "file"})
# What the beginning of nearly every line says; such lines need not be decoded.
_METRICS = b'"type":"metrics"'
_BEGINNING_BYTES = 64
# No name that leads elsewhere on any system.
_PLAIN_NAME = re.compile(r"[^./\\:\0][^/\\:\0]*")
_JOURNAL = re.compile(r"events-([1-9][0-9]{0,8})\.jsonl")
# What stands in attributes of its own.
_SHARED = frozenset({"key", "path", "step", "caption", "index", "stage", "size_bytes"})


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """One media event.

    Attributes:
        kind: ``image``, ``table`` and so on; plugins may have kinds of their own.
        key: What it was logged under.
        step: `[steps]`; ``None`` where the event does not say.
        ts: When it was logged `[s]`; NaN where the line does not say.
        path: Its file, inside the run's media folder; ``None`` when all is in `data`, or when the
            event names a place that can't be trusted.
        size_bytes: Of the file, as it was written; ``None`` where the event does not say.
        caption: A line about it.
        index: Its place among those that were logged as a list, from 0.
        stage: Such as ``train``.
        data: What else the event says.
        rank: Which process of the run logged it.
        offset: Where its line starts in the journal `[bytes]`.
    """

    kind: str
    key: str
    step: int | None
    ts: float
    path: Path | None
    size_bytes: int | None
    caption: str | None
    index: int | None
    stage: str | None
    data: dict[str, Any]
    rank: int
    offset: int

    def is_whole(self) -> bool:
        """Tell whether the file is there with all its bytes; true when there is none to be."""
        if self.path is None:
            return "path" not in self.data
        try:
            size = self.path.stat().st_size
        except OSError:
            return False
        return self.size_bytes in {None, size}

    def open(self) -> BinaryIO:
        """Open its file for reading.

        Raises:
            OSError: There is none, or it can't be read.
        """
        if self.path is None:
            raise StorageError(f"{self.kind} {self.key!r} has no file that can be read")
        return open_regular(self.path)

    def table(self) -> StoredTable:
        """Read its file as a table.

        Raises:
            ValueError: It holds none.
            OSError: There is no file, or it can't be read.
        """
        if self.path is None:
            raise StorageError(f"{self.kind} {self.key!r} has no file that can be read")
        return read_table(self.path)


@dataclass(frozen=True, slots=True)
class StoredTable:
    """The content of a table.

    Attributes:
        columns: The names.
        types: The type of each column; see `runicorn.media.cells`.
        rows: Python values; times are texts in ISO 8601, media the dictionaries that tell of them.
    """

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]


def list_media(folder: RunDir, *, all_attempts: bool = False) -> list[StoredMedia]:
    """List what was logged, in the order it was; nothing but the journals is read.

    Args:
        folder: The run.
        all_attempts: Whether what later attempts superseded is listed as well.

    Raises:
        OSError: A journal is there and can't be read.
    """
    listed: list[StoredMedia] = []
    place = _place_of(folder)
    for rank in _ranks(folder):
        ours: list[StoredMedia] = []
        for event in _events(folder.journal_of(rank)):
            if event.type == "attempt":
                resumed = as_number(event.data.get("resumed_at_step"))
                if resumed is not None and not all_attempts:
                    ours = [item for item in ours if item.step is None or item.step < resumed]
            elif (item := _media_of(place, rank, event)) is not None:
                ours.append(item)
        listed += ours
    return listed


def read_table(path: Path) -> StoredTable:
    """Read the file of a table.

    Raises:
        ValueError: It holds no table.
        OSError: It can't be read.
    """
    document = read_json(path)
    if document is None:
        raise FileNotFoundError(f"{path} does not exist")
    names, rows = document.get("columns"), document.get("data")
    if not isinstance(names, list) or not isinstance(rows, list):
        raise ValueError(f"{path} holds no table")  # noqa: TRY004 - all damage is a ValueError
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        raise ValueError(f"{path} has rows that are not as wide as the table")
    said = document.get("types")
    is_typed = isinstance(said, list) and len(said) == len(names)
    types = [str(kind) for kind in said] if is_typed and said else [MIXED] * len(names)
    read = [[read_cell(kind, cell) for kind, cell in zip(types, row, strict=True)] for row in rows]
    return StoredTable([str(name) for name in names], types, read)


def _ranks(folder: RunDir) -> Iterator[int]:
    if folder.journal.exists():
        yield 0
    others = (_JOURNAL.fullmatch(path.name) for path in folder.path.glob("events-*.jsonl"))
    yield from sorted(int(found[1]) for found in others if found)


def _events(journal: Path) -> Iterator[Event]:
    for offset, line in iter_lines(journal):
        if line is not None and _METRICS not in line[:_BEGINNING_BYTES]:
            event = decode(offset, line)
            if isinstance(event, Event):
                yield event


def _media_of(place: Path | None, rank: int, event: Event) -> StoredMedia | None:
    data, key = event.data, event.data.get("key")
    named = data.get("path")
    is_media = event.type in MEDIA_KINDS or (isinstance(named, str) and event.type != "text")
    if not is_media or not isinstance(key, str):
        return None
    path = _path_of(place, named)
    more = {name: value for name, value in data.items() if name not in _SHARED}
    if path is None and named is not None:
        more["path"] = named  # a reader may want to tell what is wrong with it
    return StoredMedia(
        kind=event.type,
        key=key,
        step=_integer(data.get("step")),
        ts=event.ts,
        path=path,
        size_bytes=_integer(data.get("size_bytes")),
        caption=_text(data.get("caption")),
        index=_integer(data.get("index")),
        stage=_text(data.get("stage")),
        data=more,
        rank=rank,
        offset=event.offset,
    )


def _place_of(folder: RunDir) -> Path | None:
    """Return where the media folder lies; ``None`` when it is a link that leads elsewhere."""
    try:
        return join_inside(folder.path, MEDIA_FOLDER)
    except OSError:
        return None


def _path_of(place: Path | None, named: object) -> Path | None:
    """Return where a file lies if that is inside the run's media folder, links followed."""
    if place is None or not isinstance(named, str) or not named.startswith(f"{MEDIA_FOLDER}/"):
        return None
    parts = named.split("/")[1:]
    try:
        if len(parts) == 1 and _PLAIN_NAME.fullmatch(parts[0]) and is_clean(parts[0]):
            path = place / parts[0]
            # Nearly all are plain, and to follow each part of a path costs 20 times as much.
            if not path.is_symlink():
                return path
        path = join_inside(place, *parts)
    except (OSError, ValueError):
        return None
    return None if path == place else path


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

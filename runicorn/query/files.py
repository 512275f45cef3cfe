"""Answers straight from the files of a root: no index, no SQL, nothing written.

A run is found by its folder, its state is judged from its documents, and its metric tables are
read from its journal. A table is kept for a minute, and dropped at once when the journal changed.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runicorn import clock
from runicorn.documents import integer_of, number_of, read_document, text_of
from runicorn.errors import RunNotFoundError
from runicorn.events import Event, as_number, decode, metrics_of, step_of
from runicorn.files import open_regular
from runicorn.journal import iter_lines
from runicorn.layout import RunDir, iter_run_dirs
from runicorn.query.media import StoredMedia, list_media
from runicorn.query.places import may_be_run_id
from runicorn.states import FINAL, State, judge
from runicorn.texts import clean

__all__ = ["FileReader", "RunFiles", "Table", "open_regular"]

# The cache of metric tables: of how many runs, how many cells in all (about 80 bytes each), and for
# how long [s].
MAX_RUNS = 32
MAX_CELLS = 500_000
MAX_AGE_S = 60.0
# The documents of so many finished runs are remembered (about 1.5 kB each). A folder that changed
# less than this before it was read may change again without a new time of change [s].
MAX_DOCUMENTS = 20_000
SETTLED_S = 2.0

Cell = float | int | str | None
Identity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A run as its documents tell of it.

    Attributes:
        id: The name of its folder, as an answer can hold it (`runicorn.texts.clean`); so are the
            project and the name.
        folder: Where it lies.
        created_at: `[s]`; the folder's own time where the documents do not say.
        n_created: Artifact versions the run made.
        n_used: Artifact versions the run used.
    """

    id: str
    folder: RunDir
    project: str
    name: str
    created_at: float | None
    state: State
    pid: int | None
    best_metric_name: str | None
    best_metric_value: float | None
    n_created: int
    n_used: int
    is_deleted: bool


@dataclass(slots=True)
class Table:
    """Rows of a metric table; every row has every column.

    Attributes:
        columns: In the order they are shown.
        rows: Cells by column; ``None`` where there is no finite value.
    """

    columns: list[str]
    rows: list[dict[str, Cell]]

    @property
    def n_cells(self) -> int:
        return len(self.columns) * len(self.rows)


@dataclass(slots=True)
class CacheCounts:
    """How the cache of metric tables has done."""

    hits: int = 0
    misses: int = 0
    size: int = 0
    max_size: int = MAX_RUNS


@dataclass(frozen=True, slots=True)
class _Remembered:
    look: tuple[int, int]
    run: RunFiles


@dataclass(slots=True)
class _Line:
    step: int
    ts: float
    stage: str | None
    values: dict[str, Cell]


@dataclass(slots=True)
class _Kept:
    identity: Identity
    made_at: float
    tables: dict[str, Table] = field(default_factory=dict)

    @property
    def n_cells(self) -> int:
        return sum(table.n_cells for table in self.tables.values())


class FileReader:
    """Reads the runs below one root; may be used by many threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.counts = CacheCounts()
        self._lock = threading.Lock()
        self._known: dict[str, RunDir] = {}
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._remembered: dict[Path, _Remembered] = {}

    def runs(self) -> list[RunFiles]:
        """Return all runs that are not in the recycle bin, newest first."""
        listed = [run for run in map(self._read, self._walk().values()) if not run.is_deleted]
        return sorted(listed, key=lambda run: (run.created_at or 0.0, run.id), reverse=True)

    def run(self, run_id: str) -> RunFiles:
        """Return one run.

        Raises:
            RunNotFoundError: No run has this id.
        """
        return self._read(self.folder(run_id))

    def folder(self, run_id: str) -> RunDir:
        """Find a run's folder; the tree is walked only for an id that is not known yet.

        Raises:
            RunNotFoundError: No run has this id, or it is in the recycle bin.
        """
        if not may_be_run_id(run_id):
            raise RunNotFoundError(run_id)
        with self._lock:
            folder = self._known.get(run_id)
        if folder is None or not folder.path.is_dir():
            folder = self._walk().get(run_id)
        if folder is None or folder.deleted.exists():
            raise RunNotFoundError(run_id)
        return folder

    def projects_of(self, run_ids: Iterable[str]) -> dict[str, str | None]:
        """Tell the projects of runs, from where they lie; at most one walk of the tree.

        Returns:
            By run id; ``None`` where the place does not tell, no entry for a run that is gone.
        """
        wanted = set(run_ids)
        with self._lock:
            known = self._known
        if not wanted <= known.keys():
            known = {**known, **self._walk()}  # the folder of a run that is gone told it as well
        return {run_id: clean(known[run_id].project) or None for run_id in wanted & known.keys()}

    def journal_state(self, run_id: str) -> str:
        """Return a text that changes whenever the run's journal changes.

        Raises:
            RunNotFoundError: No run has this id.
        """
        identity = _identity(self.folder(run_id).journal)
        return "-".join(f"{part:x}" for part in identity or ())

    def by_time(self, run_id: str) -> Table:
        """Return one row a logged line: ``time`` `[s]` since the first, then the metrics.

        Raises:
            RunNotFoundError: No run has this id.
        """
        return self._table(run_id, "time")

    def by_step(self, run_id: str) -> Table:
        """Return one row a step: ``global_step``, the metrics, ``time`` `[s]` and ``stage``.

        Of values logged for one key at one step the last counts.

        Raises:
            RunNotFoundError: No run has this id.
        """
        return self._table(run_id, "step")

    def media(self, run_id: str) -> list[StoredMedia]:
        """List the media of a run, in the order they were logged.

        Raises:
            RunNotFoundError: No run has this id.
            OSError: A journal is there and can't be read.
        """
        return list_media(self.folder(run_id))

    def _read(self, folder: RunDir) -> RunFiles:
        """Read a run's documents, or remember them: those of a finished run change no more.

        A new document, or a replaced one, changes the folder; 0.4 wrote into its files in place,
        its status last of all.
        """
        look = _look(folder)
        remembered = self._remembered.get(folder.path)
        if remembered is not None and remembered.look == look:
            return remembered.run
        run = _read_run(folder)
        is_settled = look is not None and clock.now() - max(look) / 1e9 > SETTLED_S
        if look and is_settled and run.state.status in FINAL:
            if len(self._remembered) >= MAX_DOCUMENTS:
                self._remembered.clear()
            self._remembered[folder.path] = _Remembered(look, run)
        return run

    def _walk(self) -> dict[str, RunDir]:
        folders: dict[str, RunDir] = {}
        for folder in iter_run_dirs(self.root):
            # Of two folders with one id the first by path counts, as in the index.
            run_id = clean(folder.id)
            other = folders.setdefault(run_id, folder)
            if other is not folder and folder.path.as_posix() < other.path.as_posix():
                folders[run_id] = folder
        with self._lock:
            self._known = folders
        return folders

    def _table(self, run_id: str, kind: str) -> Table:
        journal = self.folder(run_id).journal
        identity = _identity(journal)
        now = clock.monotonic()
        with self._lock:
            kept = self._kept.get(run_id)
            fresh = kept and kept.identity == identity and now - kept.made_at < MAX_AGE_S
            if kept and fresh and kind in kept.tables:
                self.counts.hits += 1
                self._kept.move_to_end(run_id)
                return kept.tables[kind]
            self.counts.misses += 1
        lines = _current_path(journal) if identity else []
        table = _by_step(lines) if kind == "step" else _by_time(lines)
        if identity:
            self._keep(run_id, identity, now, kind, table)
        return table

    def _keep(self, run_id: str, identity: Identity, now: float, kind: str, table: Table) -> None:
        with self._lock:
            kept = self._kept.get(run_id)
            if kept is None or kept.identity != identity or now - kept.made_at >= MAX_AGE_S:
                kept = self._kept[run_id] = _Kept(identity, now)
            kept.tables[kind] = table
            self._kept.move_to_end(run_id)
            n_cells = sum(each.n_cells for each in self._kept.values())
            while len(self._kept) > MAX_RUNS or n_cells > MAX_CELLS:
                n_cells -= self._kept.popitem(last=False)[1].n_cells
            self.counts.size = len(self._kept)


def _look(folder: RunDir) -> tuple[int, int] | None:
    """Return when the folder and the status in it were changed; ``None`` when there is none."""
    try:
        return os.stat(folder.path).st_mtime_ns, os.stat(folder.status).st_mtime_ns  # noqa: PTH116 - faster
    except OSError:
        return None


def _read_run(folder: RunDir) -> RunFiles:
    meta, _ = read_document(folder.meta)
    status, _ = read_document(folder.status)
    summary, _ = read_document(folder.summary)
    return RunFiles(
        id=clean(folder.id),
        folder=folder,
        # The place wins, as in the index: who moves a folder means it.
        project=clean(folder.project) or text_of(meta, "project") or "",
        name=clean(folder.name) or text_of(meta, "name") or "",
        created_at=number_of(meta, "created_at") or _modified_at(folder.path),
        state=judge(meta, status, clock.now()),
        pid=integer_of(meta, "pid"),
        best_metric_name=text_of(summary, "best_metric_name"),
        best_metric_value=number_of(summary, "best_metric_value"),
        n_created=_n_artifacts(folder.artifacts_created),
        n_used=_n_artifacts(folder.artifacts_used),
        is_deleted=folder.deleted.exists(),
    )


def _n_artifacts(path: Path) -> int:
    listed = read_document(path)[0].get("artifacts")
    return len(listed) if isinstance(listed, list) else 0


def _modified_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _identity(path: Path) -> Identity | None:
    try:
        seen = os.stat(path)  # noqa: PTH116 - one call, one result
    except OSError:
        return None
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns


def _current_path(journal: Path) -> list[_Line]:
    """Read the metrics lines that no later attempt superseded, in order."""
    lines: list[_Line] = []
    for event in _events(journal):
        if event.type == "attempt":
            resumed_at = as_number(event.data.get("resumed_at_step"))
            if resumed_at is not None:
                lines = [line for line in lines if line.step < resumed_at]
        elif event.type == "metrics" and (step := step_of(event)) is not None:
            stage = event.data.get("stage")
            lines.append(_Line(step, _time_of(event), _text(stage), _cells(event)))
    return lines


def _events(journal: Path) -> Iterator[Event]:
    # A journal that can't be read is a run without points here; V2 says what is wrong with it.
    with suppress(OSError):
        for offset, line in iter_lines(journal):
            event = None if line is None else decode(offset, line)
            if isinstance(event, Event):
                yield event


def _cells(event: Event) -> dict[str, Cell]:
    return {key: value if math.isfinite(value) else None for key, value in metrics_of(event)}


def _time_of(event: Event) -> float:
    said = as_number(event.data.get("time"))
    return event.ts if said is None else said


def _text(value: Any) -> str | None:
    return None if value is None else clean(str(value))


def _by_step(lines: list[_Line]) -> Table:
    rows: dict[int, dict[str, Cell]] = {}
    for line in lines:
        row = rows.setdefault(line.step, {"global_step": line.step})
        row |= line.values
        row["time"] = line.ts if math.isfinite(line.ts) else None
        if line.stage is not None:
            row["stage"] = line.stage
    metrics = sorted({key for line in lines for key in line.values})
    columns = ["global_step", *metrics, "time", "stage"] if lines else []
    return _filled(columns, [rows[step] for step in sorted(rows)])


def _by_time(lines: list[_Line]) -> Table:
    times = [line.ts for line in lines if math.isfinite(line.ts)]
    first = min(times, default=0.0)
    rows = [
        {"time": line.ts - first if math.isfinite(line.ts) else None, **line.values}
        for line in lines
    ]
    metrics = sorted({key for line in lines for key in line.values})
    return _filled(["time", *metrics] if lines else [], rows)


def _filled(columns: list[str], rows: list[dict[str, Cell]]) -> Table:
    empty: dict[str, Cell] = dict.fromkeys(columns)
    return Table(columns, [{**empty, **row} for row in rows])

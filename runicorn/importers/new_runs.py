"""New runs of an import: written aside, and put into their places once all of them are whole."""

from __future__ import annotations

import math
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from runicorn import clock
from runicorn.curation.finding import folders_by_id
from runicorn.curation.moving import place
from runicorn.curation.unpacking import IMPORT_PREFIX
from runicorn.errors import ConflictError
from runicorn.events import encode
from runicorn.files import write_json
from runicorn.ids import check_name, check_project, check_run_id
from runicorn.layout import RunDir, run_dir
from runicorn.transfer import Destination, Imported
from runicorn.values import nonfinite_name

FORMAT = 2


class NewRuns:
    """Runs that are being imported; a context manager that leaves nothing behind when it fails."""

    def __init__(self, destination: Destination) -> None:
        """Check where they are to go.

        Raises:
            InvalidNameError: Project or experiment can't be one.
        """
        self._destination = destination
        check_project(destination.project)
        check_name(destination.name)
        self._taken = set(folders_by_id(destination.root))
        self._staging = Path()
        self._runs: dict[str, _NewRun] = {}
        self.imported = Imported()

    def __enter__(self) -> Self:
        self._destination.root.mkdir(parents=True, exist_ok=True)
        self._staging = Path(tempfile.mkdtemp(prefix=IMPORT_PREFIX, dir=self._destination.root))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for run in self._runs.values():
            run.close()
        shutil.rmtree(self._staging, ignore_errors=True)

    def log(
        self, run_id: str, values: dict[str, float | int], step: int, time: float, stage: str | None
    ) -> None:
        """Add a line to a run.

        Args:
            run_id: The run; made when it is new, passed over when the root has one of this id.
            values: By metric.
            step: `[steps]`
            time: NaN where it is not known `[s]`.
            stage: A short text, or ``None``.

        Raises:
            InvalidNameError: The id can't be one.
            OSError: The disk refused.
        """
        run = self._runs.get(run_id)
        if run is None:
            if run_id in self._taken:
                self.imported.skipped[run_id] = "a run with this id exists"
                return
            check_run_id(run_id)
            run = self._runs[run_id] = _NewRun(self._staging / str(len(self._runs)))
        run.log(values, step, time, stage)

    def settle(self) -> Imported:
        """Put all runs into their places.

        Raises:
            OSError: The disk refused; runs that are not in their places yet are left out.
        """
        to = self._destination
        for run_id, run in self._runs.items():
            target = run_dir(to.root, to.project, to.name, run_id)
            run.finish(target, to)
            try:
                place(to.root, run.path, target)
            except ConflictError as error:
                self.imported.skipped[run_id] = str(error)
            else:
                self.imported.added.append(target)
        return self.imported


class _NewRun:
    """The folder of one run; its journal is open while it is written."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self._folder = RunDir(path, "", "")
        self._file: BinaryIO | None = None
        self._first, self._last = math.inf, -math.inf

    def log(
        self, values: dict[str, float | int], step: int, time: float, stage: str | None
    ) -> None:
        data: dict[str, Any] = {
            key: nonfinite_name(value) if value - value != 0 else value
            for key, value in values.items()
        }
        data["global_step"] = step
        if math.isfinite(time):
            data["time"] = time
            self._first, self._last = min(self._first, time), max(self._last, time)
        if stage is not None:
            data["stage"] = stage
        if self._file is None:
            self._file = self._folder.journal.open("ab")
        self._file.write(encode(time if math.isfinite(time) else clock.now(), "metrics", data))

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def finish(self, target: RunDir, destination: Destination) -> None:
        """Write the documents and end the journal."""
        now = clock.now()
        started = self._first if math.isfinite(self._first) else now
        ended = self._last if math.isfinite(self._last) else now
        if self._file is not None:
            said = {"status": "finished", "exit_code": 0, "reason": None}
            self._file.write(encode(ended, "finish", said))
            self._file.close()
        meta = {
            "id": target.id,
            "project": target.project,
            "name": target.name,
            "created_at": started,
            "format": FORMAT,
            "imported_from": destination.source,
            "notes": f"imported from {destination.source}",
            "tags": [],
        }
        write_json(self._folder.meta, meta)
        write_json(self._folder.config, {})
        write_json(
            self._folder.status,
            {
                "status": "finished",
                "started_at": started,
                "ended_at": ended,
                "heartbeat_at": ended,
                "exit_code": 0,
                "attempt": 1,
            },
        )

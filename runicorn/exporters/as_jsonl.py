"""Exports to JSON lines: a document for each call of `log`, or for each value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from runicorn.exporters.lines import Line, LoggedRun, Meter, Number, is_known, logged_runs
from runicorn.transfer import Progress, Selection
from runicorn.values import nonfinite_name


class JsonlExporter:
    """Numbers that JSON does not know are the texts ``NaN``, ``Infinity`` and ``-Infinity``."""

    suffixes = (".jsonl", ".ndjson")
    is_text = True

    def write(self, selection: Selection, target: BinaryIO, progress: Progress) -> None:
        """Write runs; see `runicorn.transfer.Exporter`."""
        runs = logged_runs(selection)
        meter = Meter(progress, sum(run.n_bytes for run in runs))
        documents = _wide if selection.shape == "wide" else _long
        for run in runs:
            target.writelines(_encoded(document) for document in documents(run, meter))


def _wide(run: LoggedRun, meter: Meter) -> Iterator[dict[str, Any]]:
    for line in run.lines(meter):
        metrics = {key: _plain(value) for key, value in line.values.items()}
        yield {"run_id": run.folder.id, **_own(line), "metrics": metrics}


def _long(run: LoggedRun, meter: Meter) -> Iterator[dict[str, Any]]:
    for line in run.lines(meter):
        own = _own(line)
        for key, value in line.values.items():
            yield {"run_id": run.folder.id, "metric": key, "value": _plain(value), **own}


def _own(line: Line) -> dict[str, Any]:
    time = line.time if is_known(line.time) else None
    return {"step": line.step, "time": time, "stage": line.stage, "attempt": line.attempt}


def _plain(value: Number) -> Number | str:
    return nonfinite_name(value) if value - value != 0 else value


def _encoded(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(document, ensure_ascii=False).encode() + b"\n"

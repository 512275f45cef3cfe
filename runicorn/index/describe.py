"""Documents become the row of a run: what it is, how it stands, its config and its problems.

Reads the small documents of one run folder. What is missing or damaged is told as a problem and
made up for from the folder: a run is always listed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from runicorn import clock
from runicorn.annotations import overlay
from runicorn.documents import Problem, integer_of, number_of, read_document, text_of
from runicorn.errors import InvalidValueError
from runicorn.events import as_number
from runicorn.index.folders import relative
from runicorn.layout import RunDir
from runicorn.states import FINAL, PROCESS, State, judge
from runicorn.texts import clean
from runicorn.values import plain_document

# Leaves of one config that can be filtered by.
MAX_CONFIG_VALUES = 10_000
# Documents nested deeper are told as a problem: the JSON encoder stops at 254.
MAX_DEPTH = 100
_INT64 = 2**63
_META_EVIDENCE = (*PROCESS, "created_at")
_STATUS_EVIDENCE = (*PROCESS, "status", "heartbeat_at", "started_at")
_MODES = ("min", "max")
_ID_TIME_LENGTH = len("YYYYMMDD_HHMMSS")


@dataclass(frozen=True, slots=True)
class Description:
    """What the documents of a run say.

    Attributes:
        values: Columns of its `ExperimentRow` by name, all but ``slot``.
        config: (path, number, text) of each leaf of the config.
        tags: In their own order, none twice.
        problems: What can't be read.
    """

    values: dict[str, Any]
    config: list[tuple[str, float | None, str | None]]
    tags: list[str]
    problems: list[Problem]


def describe(root: Path, folder: RunDir) -> Description:
    """Read the documents of a run."""
    problems: list[Problem] = []
    meta, status, config, summary, deleted, annotations = (
        _read(path, problems)
        for path in (
            folder.meta,
            folder.status,
            folder.config,
            folder.summary,
            folder.deleted,
            folder.annotations,
        )
    )
    noted = overlay(meta, annotations)
    problems += [
        Problem(path.name, -1, "is missing")
        for path in (folder.meta, folder.status)
        if not path.exists()
    ]
    state = judge(meta, status, clock.now())
    tags = _tags(noted)
    values = {
        "id": folder.id,
        **_names(root, folder, meta),
        **_times(folder, meta, status, deleted),
        **_best(summary),
        "status": state.status,
        "exit_reason": state.reason,
        "evidence": evidence(meta, status),
        "hostname": text_of(status, "hostname") or text_of(meta, "hostname"),
        "user_name": text_of(meta, "user"),
        "group_name": text_of(meta, "group"),
        "job_type": text_of(meta, "job_type"),
        "pid": _int64(integer_of(status, "pid") or integer_of(meta, "pid")),
        "attempt": max(1, _int64(integer_of(status, "attempt")) or 1),
        "notes": text_of(noted, "notes"),
        "tags": _json(tags),
        "summary": _json(summary),
        "config": _json(config),
    }
    searched = (values["name"], values["id"], values["project"], values["notes"] or "", *tags)
    values["search"] = "\n".join(searched).casefold()
    return Description(values, config_values(config), tags, problems)


def created_at(folder: RunDir, meta: dict[str, Any]) -> float:
    """Tell when a run was created: by its meta, else by its id, else by its folder `[s]`."""
    said = number_of(meta, "created_at")
    if said is not None:
        return said
    try:
        local = time.strptime(folder.id[:_ID_TIME_LENGTH], "%Y%m%d_%H%M%S")
        return time.mktime(local)
    except (ValueError, OverflowError):
        pass
    try:
        return folder.path.stat().st_mtime
    except OSError:
        return 0.0


def evidence(meta: dict[str, Any], status: dict[str, Any]) -> str | None:
    """Keep what a state is judged by, so that it can be judged again without reading files."""
    if text_of(status, "status") in FINAL:
        return None
    kept_meta = {key: meta[key] for key in _META_EVIDENCE if key in meta}
    kept_status = {key: status[key] for key in _STATUS_EVIDENCE if key in status}
    if meta and not kept_meta:  # an empty meta is evidence of its own
        kept_meta = {"id": None}
    return _json({"meta": kept_meta, "status": kept_status})


def judge_again(kept: str) -> State:
    """Judge a run from kept evidence."""
    document = orjson.loads(kept)
    return judge(document["meta"], document["status"], clock.now())


def flatten(config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Iterate over the leaves of a config by path, parts joined by ``.``; lists are leaves."""
    waiting: list[tuple[str, Any, int]] = [("", config, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, dict) and value:
            prefix = f"{path}." if depth else ""
            waiting += [(prefix + key, value[key], depth + 1) for key in reversed(value)]
        elif depth:
            yield path, value


def config_values(config: dict[str, Any]) -> list[tuple[str, float | None, str | None]]:
    """Return (path, number, text) of each leaf that is not null; a flag is 0 or 1."""
    found: dict[str, tuple[float | None, str | None]] = {}
    for path, value in flatten(config):
        if value is None:
            continue
        if isinstance(value, str):
            found[path] = (None, value)
        else:
            number = as_number(value)
            found[path] = (number, None) if number is not None else (None, _json(value))
        if len(found) >= MAX_CONFIG_VALUES:
            break
    return [(path, *value) for path, value in found.items()]


def _read(path: Path, problems: list[Problem]) -> dict[str, Any]:
    """Read a document as a database can take it."""
    if path.exists() and not path.is_file():
        problems.append(Problem(path.name, 0, "is no regular file"))
        return {}
    try:
        document, problem = read_document(path)
        if problem is not None:
            problems.append(Problem(problem.file, problem.offset, clean(problem.message)))
        return _storable(plain_document(document, lambda _key, _value: None))
    except (RecursionError, InvalidValueError):
        problems.append(Problem(path.name, 0, "is nested too deep"))
        return {}


def _names(root: Path, folder: RunDir, meta: dict[str, Any]) -> dict[str, str]:
    # The place wins: who moves a folder to another project means it.
    return {
        "project": folder.project or text_of(meta, "project") or "default",
        "name": folder.name or text_of(meta, "name") or "default",
        "run_dir": clean(str(folder.path)),
        "folder": relative(root, folder),
    }


def _times(
    folder: RunDir, meta: dict[str, Any], status: dict[str, Any], deleted: dict[str, Any]
) -> dict[str, float | None]:
    created = created_at(folder, meta)
    started, ended = number_of(status, "started_at"), number_of(status, "ended_at")
    heartbeat = number_of(status, "heartbeat_at")
    is_deleted = folder.deleted.exists()
    return {
        "created_at": created,
        "updated_at": max(
            time for time in (created, started, ended, heartbeat) if time is not None
        ),
        "started_at": started,
        "ended_at": ended,
        "heartbeat_at": heartbeat,
        # A marker without a readable time still means deleted.
        "deleted_at": (number_of(deleted, "deleted_at") or 0.0) if is_deleted else None,
    }


def _best(summary: dict[str, Any]) -> dict[str, Any]:
    value = as_number(summary.get("best_metric_value"))
    return {
        "best_metric_name": text_of(summary, "best_metric_name"),
        "best_metric_value": None if value is None or math.isnan(value) else value,
        "best_metric_step": _int64(integer_of(summary, "best_metric_step")),
        "best_metric_mode": mode if (mode := summary.get("best_metric_mode")) in _MODES else None,
    }


def _tags(meta: dict[str, Any]) -> list[str]:
    tags = meta.get("tags")
    if not isinstance(tags, list):
        return []
    return list(dict.fromkeys(tag for tag in tags if isinstance(tag, str)))


def _int64(value: int | None) -> int | None:
    return value if value is not None and -_INT64 <= value < _INT64 else None


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _storable(document: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    return {clean(key): _storable_value(value, depth) for key, value in document.items()}


def _storable_value(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        return _storable(value, depth + 1)
    if isinstance(value, list):
        return [_storable_value(inner, depth + 1) for inner in value]
    return value

"""Answers straight from the files, and what a changed path is of."""

from __future__ import annotations

import json
import math
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runicorn.errors import RunNotFoundError
from runicorn.query import files as files_module
from runicorn.query.files import FileReader
from runicorn.query.places import may_be_run_id, touched_run


@pytest.fixture
def reader(root: Path) -> FileReader:
    return FileReader(root)


def age(folder: Path, seconds: float) -> None:
    """Make a folder and what is in it look as if nothing changed for so long."""
    then = folder.stat().st_mtime - seconds
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))


def test_runs_are_listed_newest_first_without_those_in_the_recycle_bin(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    new_run("old", created_at=10.0)
    new_run("new", created_at=30.0, name="deep/name")
    gone = new_run("gone", created_at=20.0)
    (gone.path / ".deleted").write_text("{}", encoding="utf-8")
    assert [(run.id, run.name) for run in reader.runs()] == [("new", "deep/name"), ("old", "n")]
    with pytest.raises(RunNotFoundError):
        reader.run("gone")
    (gone.path / ".deleted").unlink()
    assert reader.run("gone").created_at == 20.0


def test_a_root_that_is_not_there_has_no_runs_and_is_not_made(
    reader: FileReader, root: Path
) -> None:
    assert reader.runs() == []
    with pytest.raises(RunNotFoundError):
        reader.folder("nobody")
    assert not root.exists()


def test_the_older_flat_layout_tells_project_and_name_in_its_documents(
    reader: FileReader, root: Path
) -> None:
    for run_id, meta in (("told", {"project": "p", "name": "n"}), ("untold", {})):
        folder = root / "runs" / run_id
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    assert {run.id: (run.project, run.name) for run in reader.runs()} == {
        "told": ("p", "n"),
        "untold": ("", ""),
    }


def test_reading_writes_nothing(
    reader: FileReader, root: Path, new_run: Callable[..., Any]
) -> None:
    new_run("run").log({"a": 1.0}, 1)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    reader.runs()
    reader.by_step("run")
    reader.by_time("run")
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_run_is_found_without_another_walk_and_also_after_it_moved(
    reader: FileReader, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run("run")
    first = reader.folder("run")
    assert reader.folder("run") is first
    moved = root / "other" / "name" / "runs"
    moved.mkdir(parents=True)
    run.path.rename(moved / "run")
    assert reader.folder("run").project == "other"
    later = new_run("later")
    assert reader.folder("later").path == later.path


def test_of_two_folders_with_one_id_the_first_by_path_counts(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    new_run("twin", project="b")
    new_run("twin", project="a")
    assert [run.project for run in reader.runs()] == ["a"]
    assert reader.run("twin").project == "a"


def test_counts_of_artifacts_come_from_the_documents_of_the_run(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run")
    run.write("artifacts_created", {"artifacts": [{"name": "a"}, {"name": "b"}]})
    run.write("artifacts_used", {"artifacts": "damaged"})
    told = reader.run("run")
    assert (told.n_created, told.n_used) == (2, 0)


@pytest.mark.promise(4)
def test_halves_of_characters_in_journals_and_documents_harm_no_answer(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run", name="flat")
    run.raw(
        b'{"ts":1,"type":"metrics","data":{"a":1,"\\ud800":2,"global_step":0,"stage":"\\ud800"}}\n'
    )
    run.folder.status.write_text('{"status": "failed", "exit_reason": "\\ud800"}', encoding="utf-8")
    assert reader.by_step("run").rows == [
        {"global_step": 0, "a": 1.0, "time": 1.0, "stage": "\\ud800"}
    ]
    assert reader.by_time("run").rows == [{"time": 0.0, "a": 1.0}]
    assert reader.run("run").state.reason == "\\ud800"


def test_step_is_a_column_beside_global_step_and_its_older_name_without_it(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run")
    run.log({"step": 7, "a": 1.0}, 1, time=5.0)
    run.event("metrics", {"step": 2, "a": 0.5, "time": 6.0})
    more = {"time": None, "stage": None}
    assert reader.by_step("run").rows == [
        {**more, "global_step": 1, "step": 7.0, "a": 1.0, "time": 5.0},
        {**more, "global_step": 2, "step": None, "a": 0.5, "time": 6.0},
    ]


@pytest.mark.promise(9)
def test_states_are_judged_with_their_evidence(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    running = {"status": "running", "started_at": 1.0, "heartbeat_at": 1.0}
    here = {"hostname": socket.gethostname(), "pid": 2**22 + 1}
    new_run("killed", status=running, **here)
    new_run("lost", status=running, hostname="far away")
    new_run("failed", status={"status": "failed", "exit_reason": "ValueError"})
    states = {run.id: run.state for run in reader.runs()}
    assert {run_id: state.status for run_id, state in states.items()} == {
        "killed": "killed",
        "lost": "lost",
        "failed": "failed",
    }
    assert "is gone" in (states["killed"].reason or "")
    assert "far away" in (states["lost"].reason or "")
    assert states["failed"].reason == "ValueError"


def test_documents_of_a_finished_run_are_remembered_until_one_of_them_changes(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run", summary={"best_metric_name": "acc", "best_metric_value": 1})
    age(run.path, 3600)
    first = reader.run("run")
    assert reader.run("run") is first
    run.write("summary", {"best_metric_name": "acc", "best_metric_value": 2})
    assert reader.run("run").best_metric_value == 2.0
    age(run.path, 3600)
    reader.run("run")
    # As 0.4 wrote: into the file that is there.
    run.folder.status.write_text('{"status": "failed"}', encoding="utf-8")
    assert reader.run("run").state.status == "failed"


def test_a_folder_that_just_changed_is_read_again(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run", summary={"best_metric_value": 1})
    first = reader.run("run")
    look = run.path.stat()
    run.write("summary", {"best_metric_value": 2})
    os.utime(run.path, ns=(look.st_atime_ns, look.st_mtime_ns))  # within one tick of the clock
    assert (first.best_metric_value, reader.run("run").best_metric_value) == (1.0, 2.0)


def test_by_time_has_a_row_a_line_and_seconds_since_the_first(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run")
    run.log({"b": 1}, 1, time=100.0)
    run.log({"a": "NaN", "b": "-Infinity"}, 2, time=100.5)
    run.log({"a": True}, 2, time=103.0)
    table = reader.by_time("run")
    assert table.columns == ["time", "a", "b"]
    assert table.rows == [
        {"time": 0.0, "a": None, "b": 1.0},
        {"time": 0.5, "a": None, "b": None},
        {"time": 3.0, "a": 1.0, "b": None},
    ]


def test_by_step_merges_the_lines_of_a_step_and_the_later_value_wins(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run")
    run.log({"a": 1.0}, 5, stage="train", time=1.0)
    run.log({"a": 2.0, "b": 3.0}, 5, time=2.0)
    run.log({"a": math.pi}, 2, stage="val", time=3.0)
    table = reader.by_step("run")
    assert table.columns == ["global_step", "a", "b", "time", "stage"]
    assert table.rows == [
        {"global_step": 2, "a": math.pi, "b": None, "time": 3.0, "stage": "val"},
        {"global_step": 5, "a": 2.0, "b": 3.0, "time": 2.0, "stage": "train"},
    ]


def test_a_resumed_run_shows_its_current_path(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run")
    for step in range(6):
        run.log({"a": float(step)}, step)
    run.event("attempt", {"attempt": 2, "resumed_at_step": 3})
    run.log({"a": 30.0}, 3)
    run.event("attempt", {"attempt": 3, "resumed_at_step": 2})
    run.log({"a": 20.0}, 2)
    rows = reader.by_step("run").rows
    assert [(row["global_step"], row["a"]) for row in rows] == [(0, 0.0), (1, 1.0), (2, 20.0)]


@pytest.mark.promise(4)
def test_damaged_lines_and_a_torn_end_are_passed_over(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    run = new_run("run")
    run.log({"a": 1.0}, 1)
    for line in (b"garbage\n", b"[1]\n", b'{"type":"metrics","data":{"a":1}}\n', b"\xff\xfe\n"):
        run.raw(line)
    run.log({"a": 2.0, "text": "no number"}, 2)
    run.raw(b'{"ts":1,"type":"metrics","data":{"a":9,"global_step":3}}')  # no newline yet
    assert [row["a"] for row in reader.by_step("run").rows] == [1.0, 2.0]
    run.raw(b"\n")
    assert [row["a"] for row in reader.by_step("run").rows] == [1.0, 2.0, 9.0]


def test_a_run_without_a_journal_or_with_an_odd_one_has_empty_tables(
    reader: FileReader, new_run: Callable[..., Any], tmp_path: Path
) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_text('{"type":"metrics","data":{"a":1,"global_step":1}}\n', encoding="utf-8")
    for run_id in ("missing", "linked", "folder"):
        new_run(run_id).folder.journal.unlink()
    reader.folder("linked").journal.symlink_to(secret)
    reader.folder("folder").journal.mkdir()
    for run_id in ("missing", "linked", "folder"):
        assert reader.by_step(run_id).rows == []
        assert reader.by_time(run_id).columns == []


def test_a_table_is_kept_until_the_journal_changes_and_no_longer_than_its_time(
    reader: FileReader, new_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run("run")
    run.log({"a": 1.0}, 1)
    first = reader.by_step("run")
    assert reader.by_step("run") is first
    state = reader.journal_state("run")
    run.log({"a": 2.0}, 2)
    assert reader.journal_state("run") != state
    assert len(reader.by_step("run").rows) == 2
    assert (reader.counts.hits, reader.counts.misses, reader.counts.size) == (1, 2, 1)
    monkeypatch.setattr(files_module, "MAX_AGE_S", 0.0)
    reader.by_step("run")
    assert reader.counts.misses == 3


def test_only_so_many_tables_and_cells_are_kept(
    reader: FileReader, new_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "MAX_RUNS", 2)
    for run_id in ("a", "b", "c"):
        new_run(run_id).log({"a": 1.0}, 1)
        reader.by_step(run_id)
    assert reader.counts.size == 2
    monkeypatch.setattr(files_module, "MAX_CELLS", 3)
    assert len(reader.by_time("a").rows) == 1
    assert reader.counts.size == 1
    assert len(reader.by_step("a").rows) == 1  # too big to keep, and answered all the same
    assert reader.counts.size == 0


def test_many_threads_may_read_while_runs_come(
    reader: FileReader, new_run: Callable[..., Any]
) -> None:
    new_run("run-0").log({"a": 1.0}, 1)
    wrong: list[object] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                if len(reader.by_step("run-0").rows) != 1 or not reader.runs():
                    wrong.append("a run was not there")
            except Exception as error:  # noqa: BLE001 - told by the thread that asserts
                wrong.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 30):
        new_run(f"run-{number}").log({"a": 1.0}, 1)
    is_over.set()
    for thread in threads:
        thread.join(20)
    assert wrong == []
    assert len(reader.runs()) == 30


def test_projects_are_told_of_many_runs_at_once_also_of_those_that_went(
    reader: FileReader, root: Path, new_run: Callable[..., Any]
) -> None:
    gone = new_run("gone", project="a")
    new_run("stays", project="b")
    (root / "runs" / "flat").mkdir(parents=True)
    assert reader.projects_of(["gone"]) == {"gone": "a"}
    gone.path.rename(gone.path.with_name(".gone"))
    assert reader.projects_of(["gone", "stays", "flat", "unknown"]) == {
        "gone": "a",
        "stays": "b",
        "flat": None,
    }


@pytest.mark.parametrize(
    ("path", "touched"),
    [
        ("p/n/runs/r/events.jsonl", "r"),
        ("p/deep/n/runs/r", "r"),
        ("runs/r/meta.json", "r"),
        ("p/n/runs/r/logs.txt", None),
        ("p/n/runs/r/media", None),
        ("p/n/runs/r/media/1_a.png", None),
        ("p/n/runs/r/media.json", "r"),
        ("artifacts/model/runs/v1/metadata.json", None),
        (".git/index", None),
        ("p", "above"),
        ("p/n/runs", "above"),
        ("", "above"),
    ],
)
def test_a_changed_path_is_of_one_run_or_of_none(path: str, touched: str | None) -> None:
    root = Path("/somewhere/root")
    told = touched_run(root, root / path)
    assert told.is_above_runs == (touched == "above")
    if touched == "r":
        assert told.run_id == "r"
        assert told.folder in {
            folder for folder in (root / path, *(root / path).parents) if folder.name == "r"
        }
    else:
        assert (told.run_id, told.folder) == (None, None)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "../r", "a/b", "a\\b", "a\0", ".deleted", "x" * 256, "\ud800"]
)
def test_what_no_folder_of_a_run_is_named_is_looked_for_nowhere(
    reader: FileReader, text: str
) -> None:
    assert not may_be_run_id(text)
    with pytest.raises(RunNotFoundError):
        reader.folder(text)

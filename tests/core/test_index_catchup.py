"""Catching up with run folders: documents, journals, attempts, damage, removal, budgets."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from runicorn import processes
from runicorn.events import encode
from runicorn.files import write_json
from runicorn.index.catchup import Report, catch_up
from runicorn.index.database import Database, open_database
from runicorn.index.folders import JournalLook
from runicorn.index.journals import read_stretch
from runicorn.index.runs import NEW_CURSOR
from runicorn.query.models import ExperimentQuery
from runicorn.store import Store


def _all(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def _one(database: Database, columns: str) -> tuple[Any, ...]:
    (row,) = _all(database, f"SELECT {columns} FROM experiments")
    return row


def test_a_run_is_read_whole(database: Database, root: Path, new_run: Callable[..., Any]) -> None:
    run = new_run(
        config={"lr": 0.1, "model": {"depth": 18, "name": "resnet"}, "flag": True, "none": None},
        tags=["a", "b", "a"],
        notes="first try",
    )
    run.log({"loss": 0.5, "acc": 0.1}, step=1, stage="warm-up")
    run.log({"loss": 0.25}, step=2)
    assert catch_up(database, root) == Report(added=[run.id], changed=[run.id], n_points=3)
    assert _one(database, "project, name, status, tags, notes, attempt, slot, run_dir") == (
        "p", "n", "finished", '["a","b"]', "first try", 1, 0, str(run.path),
    )  # fmt: skip
    assert _all(database, "SELECT path, num, text FROM config_values ORDER BY path") == [
        ("flag", 1.0, None),
        ("lr", 0.1, None),
        ("model.depth", 18.0, None),
        ("model.name", None, "resnet"),
    ]
    assert _all(database, "SELECT metric_name, metric_value, step, stage FROM metrics") == [
        ("loss", 0.5, 1, "warm-up"),
        ("loss", 0.25, 2, None),
        ("acc", 0.1, 1, "warm-up"),
    ]


def test_a_second_catch_up_does_nothing(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    new_run().log({"loss": 0.5}, step=1)
    catch_up(database, root)
    before = database.revision()
    assert catch_up(database, root) == Report()
    assert database.revision() == before


def test_only_what_is_new_is_read(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.log({"loss": 0.5}, step=1)
    catch_up(database, root)
    run.log({"loss": 0.4}, step=2)
    assert catch_up(database, root) == Report(changed=[run.id], n_points=1)


def test_a_torn_line_is_read_after_it_is_completed(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    line = encode(1.0, "metrics", {"loss": 0.5, "global_step": 1})
    run.raw(line[:20])
    assert catch_up(database, root).n_points == 0
    revision = database.revision()
    assert catch_up(database, root) == Report()
    assert database.revision() == revision
    run.raw(line[20:])
    assert catch_up(database, root).n_points == 1


def test_nan_and_infinities_survive(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    for step, value in enumerate(["NaN", "Infinity", "-Infinity", 1.0]):
        run.log({"loss": value}, step=step)
    catch_up(database, root)
    values = _all(database, "SELECT metric_value FROM metrics ORDER BY step")
    assert values == [(None,), (float("inf"),), (float("-inf"),), (1.0,)]
    assert _all(database, "SELECT n, n_finite, min_value, max_value FROM series") == [
        (4, 1, 1.0, 1.0)
    ]


def test_changed_documents_are_read_again(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run(status={"status": "running"}, config={"lr": 1, "old": 2})
    catch_up(database, root)
    run.write("config", {"lr": 3})
    run.write("status", {"status": "failed", "exit_reason": "Boom", "attempt": 2})
    assert catch_up(database, root).changed == [run.id]
    assert _one(database, "status, exit_reason, attempt") == ("failed", "Boom", 2)
    assert _all(database, "SELECT path, num FROM config_values") == [("lr", 3.0)]


def test_the_recycle_bin_is_a_marker_in_the_folder(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    catch_up(database, root)
    write_json(run.folder.deleted, {"deleted_at": 12.0, "reason": "test"})
    catch_up(database, root)
    assert _one(database, "deleted_at") == (12.0,)
    run.folder.deleted.unlink()
    catch_up(database, root)
    assert _one(database, "deleted_at") == (None,)


def test_a_run_whose_folder_is_gone_is_removed_with_all_it_had(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run(config={"lr": 1}, tags=["a"])
    run.log({"loss": 1.0}, step=1)
    run.raw(b"damaged\n")
    catch_up(database, root)
    shutil.rmtree(run.path)
    assert catch_up(database, root).removed == [run.id]
    for table in (
        "experiments",
        "series",
        "points",
        "cursors",
        "problems",
        "config_values",
        "tags",
    ):
        assert _all(database, f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_run_that_says_running_is_judged_at_every_catch_up(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    me = {
        "hostname": processes.hostname(),
        "boot_id": processes.boot_id(),
        "pid": os.getpid(),
        "pid_started_at": processes.started_at(),
    }
    alive = new_run("alive", status={"status": "running"}, **me)
    new_run("dead", status={"status": "running"}, **{**me, "pid_started_at": 1.0})
    catch_up(database, root)
    states = "SELECT id, status FROM experiments ORDER BY id"
    assert _all(database, states) == [("alive", "running"), ("dead", "killed")]
    with database.writing() as connection:  # as if the process of `dead` had lived until now
        connection.execute(text("UPDATE experiments SET status = 'running'"))
    assert catch_up(database, root).changed == ["dead"]
    assert _all(database, states) == [("alive", "running"), ("dead", "killed")]
    assert alive.id == "alive"


@pytest.mark.promise(4)
def test_damaged_lines_are_shown_with_their_offset_and_neighbours_are_unharmed(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run, other = new_run("damaged"), new_run("sound")
    run.log({"loss": 1.0}, step=1)
    offset = run.raw(b'{"ts": 1.0, "type": "metr\n')
    run.log({"loss": 2.0}, step=2)
    other.log({"loss": 3.0}, step=1)
    assert catch_up(database, root).n_points == 3
    problems = _all(database, "SELECT run_id, file, byte_offset FROM problems")
    assert problems == [("damaged", "events.jsonl", offset)]
    assert _all(database, "SELECT n_lines, n_damaged FROM cursors ORDER BY run_id") == [
        (3, 1),
        (1, 0),
    ]


@pytest.mark.promise(4)
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 500])
def test_a_run_with_a_damaged_document_is_listed_with_its_problem(
    store: Store, root: Path, new_run: Callable[..., Any], content: bytes
) -> None:
    run, other = new_run("20260102_030405_aaaaaa"), new_run("20260102_030405_bbbbbb")
    run.log({"loss": 1.0}, step=1)
    run.folder.meta.write_bytes(content)
    store.catch_up()
    assert store.experiments(ExperimentQuery()).total == 2
    detail = store.experiment(run.id)
    assert (detail.experiment.project, detail.experiment.name) == ("p", "n")
    assert detail.metrics_summary.total_data_points == 1
    assert [problem.file for problem in detail.problems] == ["meta.json"]
    assert store.experiment(other.id).problems == []


@pytest.mark.promise(4)
def test_a_run_without_documents_is_listed_by_its_folder(database: Database, root: Path) -> None:
    folder = root / "p" / "deep" / "name" / "runs" / "20260102_030405_abcdef"
    folder.mkdir(parents=True)
    line = encode(5.0, "metrics", {"loss": 1.0, "global_step": 1})
    (folder / "events.jsonl").write_bytes(line)
    catch_up(database, root)
    project, name, status, created_at = _one(database, "project, name, status, created_at")
    assert (project, name, status) == ("p", "deep/name", "lost")
    assert created_at > 1_767_000_000
    assert _all(database, "SELECT file FROM problems") == [("meta.json",), ("status.json",)]


def test_a_folder_that_is_just_being_made_is_no_run_yet(database: Database, root: Path) -> None:
    folder = root / "p" / "n" / "runs" / "20260102_030405_abcdef"
    folder.mkdir(parents=True)
    assert catch_up(database, root).added == []
    os.utime(folder, (1, 1))
    assert catch_up(database, root).added == ["20260102_030405_abcdef"]


@pytest.mark.promise(4)
@pytest.mark.parametrize("name", ["events.jsonl", "meta.json"])
def test_a_folder_in_place_of_a_file_harms_one_run(
    store: Store, root: Path, new_run: Callable[..., Any], name: str
) -> None:
    run, other = new_run("damaged"), new_run("sound")
    run.journal.close()
    (run.path / name).unlink()
    (run.path / name).mkdir()
    other.log({"loss": 1.0}, step=1)
    store.catch_up()
    before = store.revision()
    store.catch_up()
    assert store.revision() == before
    assert [problem.file for problem in store.experiment("damaged").problems] == [name]
    assert store.experiment("sound").problems == []


@pytest.mark.promise(4)
def test_a_pipe_in_place_of_a_journal_stops_nobody(
    store: Store, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.journal.close()
    run.folder.journal.unlink()
    os.mkfifo(run.folder.journal)
    store.catch_up()
    assert [problem.message for problem in store.experiment(run.id).problems] == [
        "is no regular file"
    ]


@pytest.mark.parametrize("how", ["cut", "replaced", "rewritten in place", "removed"])
def test_a_journal_that_is_another_one_is_read_anew_with_a_problem(
    database: Database, root: Path, new_run: Callable[..., Any], how: str
) -> None:
    run = new_run()
    for step in range(3):
        run.log({"loss": 1.0, "gone": 1.0}, step=step)
    catch_up(database, root)
    line = encode(9.0, "metrics", {"loss": 5.0, "global_step": 1})
    if how == "cut":
        run.folder.journal.write_bytes(line)
    elif how == "replaced":
        write_json(run.path / "other", {})
        (run.path / "other").write_bytes(line * 20)
        (run.path / "other").replace(run.folder.journal)
    elif how == "rewritten in place":
        run.folder.journal.write_bytes(line * 20)
    else:
        run.folder.journal.unlink()
    catch_up(database, root)
    n_points = {"cut": 1, "removed": 0}.get(how, 20)
    assert _all(database, "SELECT count(*) FROM points") == [(n_points,)]
    assert _all(database, "SELECT count(*) FROM series WHERE key = 'gone'") == [(0,)]
    ((message,),) = _all(database, "SELECT message FROM problems")
    assert "was cut or replaced" in message
    assert catch_up(database, root) == Report()


def test_a_copied_root_needs_no_new_reading(
    database: Database, root: Path, tmp_path: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.log({"loss": 1.0}, step=1)
    catch_up(database, root)
    database.close()
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    copied = open_database(copy)
    report = catch_up(copied, copy)
    assert (report.n_points, report.added) == (0, [])
    assert _all(copied, "SELECT count(*) FROM problems") == [(0,)]
    assert catch_up(copied, copy) == Report()
    copied.close()


def test_superseded_points_are_kept_and_not_shown(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    for step in range(6):
        run.log({"loss": 10.0 - step}, step=step)
    run.event("attempt", {"attempt": 2, "resumed_at_step": 3})
    for step in range(3, 5):
        run.log({"loss": 20.0 + step}, step=step)
    run.event("attempt", {"attempt": 3, "resumed_at_step": 4})
    run.log({"loss": 30.0}, step=4)
    catch_up(database, root)
    assert _all(database, "SELECT count(*) FROM points") == [(9,)]
    shown = _all(database, "SELECT step, metric_value FROM metrics ORDER BY step")
    assert shown == [(0, 10.0), (1, 9.0), (2, 8.0), (3, 23.0), (4, 30.0)]
    summary = "n_all, n, last_value, min_value, max_value, max_value_step, last_step"
    assert _all(database, f"SELECT {summary} FROM series") == [(9, 5, 30.0, 8.0, 30.0, 4, 4)]
    assert _one(database, "attempt") == (3,)


def test_a_later_attempt_supersedes_all_older_ones(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    for attempt, resumed in ((1, None), (2, 5), (3, 2)):
        if resumed is not None:
            run.event("attempt", {"attempt": attempt, "resumed_at_step": resumed})
        for step in range(resumed or 0, 8):
            run.log({"loss": float(attempt)}, step=step)
    catch_up(database, root)
    shown = _all(database, "SELECT step, metric_value FROM metrics ORDER BY step")
    assert shown == [(step, 1.0 if step < 2 else 3.0) for step in range(8)]


@pytest.mark.parametrize(("mode", "best"), [("min", (1.0, 2)), ("max", (9.0, 0))])
def test_the_best_value_is_derived_from_the_series(
    database: Database, root: Path, new_run: Callable[..., Any], mode: str, best: tuple[float, int]
) -> None:
    summary = {"best_metric_name": "loss", "best_metric_mode": mode, "best_metric_value": 77.0}
    run = new_run(summary=summary)
    catch_up(database, root)
    assert _one(database, "best_metric_value") == (77.0,)  # nothing better is known
    for step, value in enumerate([9.0, "NaN", 1.0, "Infinity", 1.0, 9.0]):
        run.log({"loss": value}, step=step)
    catch_up(database, root)
    assert _one(database, "best_metric_value, best_metric_step") == best
    run.write("config", {"changed": True})
    catch_up(database, root)
    assert _one(database, "best_metric_value, best_metric_step") == best


def test_slots_follow_creation_and_are_never_changed(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    new_run("c", created_at=30.0)
    new_run("a", created_at=20.0)
    new_run("b", created_at=20.0)
    new_run("other", project="q", created_at=1.0)
    catch_up(database, root, run_ids=["c"])  # takes in all that are new
    slots = "SELECT id, slot FROM experiments ORDER BY id"
    expected = [("a", 0), ("b", 1), ("c", 2), ("other", 0)]
    assert _all(database, slots) == expected
    new_run("0", created_at=10.0)
    catch_up(database, root)
    assert _all(database, slots) == [("0", 3), *expected]


def test_only_the_runs_asked_for_are_read(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    for run_id in ("a", "b"):
        new_run(run_id).log({"loss": 1.0}, step=1)
    assert catch_up(database, root, run_ids=["a", "unknown"]).n_points == 1
    assert _all(database, "SELECT run_id FROM series") == [("a",)]
    shutil.rmtree(root / "p" / "n" / "runs" / "a")
    assert catch_up(database, root, run_ids=["a"]).removed == ["a"]


def test_a_budget_ends_between_batches_and_the_next_call_goes_on(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    for run_id in ("a", "b"):
        run = new_run(run_id)
        for step in range(20):
            run.log({"loss": 1.0}, step=step)
    reports = [catch_up(database, root, budget_s=0.0, batch_bytes=200)]
    while not reports[-1].is_complete:
        assert len(reports) < 100
        reports.append(catch_up(database, root, budget_s=0.0, batch_bytes=200))
    assert len(reports) > 5
    assert sum(report.n_points for report in reports) == 40


def test_journals_take_turns(database: Database, root: Path, new_run: Callable[..., Any]) -> None:
    for run_id in ("a", "b"):
        run = new_run(run_id)
        for step in range(20):
            run.log({"loss": 1.0}, step=step)
    for _turn in range(4):
        catch_up(database, root, budget_s=0.0, batch_bytes=500)
    counts = dict(_all(database, "SELECT run_id, n FROM series"))
    assert counts.keys() == {"a", "b"}


def test_the_flat_layout_is_read(store: Store, root: Path) -> None:
    folder = root / "runs" / "20250101_000000_abcdef"
    folder.mkdir(parents=True)
    write_json(folder / "meta.json", {"project": "vision", "name": "old", "created_at": 5.0})
    write_json(folder / "status.json", {"status": "finished"})
    store.catch_up()
    (experiment,) = store.experiments(ExperimentQuery()).experiments
    assert (experiment.project, experiment.name) == ("vision", "old")


def test_a_moved_run_keeps_its_points(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.log({"loss": 1.0}, step=1)
    catch_up(database, root)
    target = root / "elsewhere" / "n" / "runs" / run.id
    target.parent.mkdir(parents=True)
    run.path.rename(target)
    report = catch_up(database, root)
    assert (report.removed, report.changed, report.n_points) == ([], [run.id], 0)
    assert _one(database, "project, run_dir") == ("elsewhere", str(target))


def test_two_folders_with_one_id_are_told(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.log({"loss": 1.0}, step=1)
    twin = root / "z" / "n" / "runs" / run.id
    shutil.copytree(run.path, twin)
    catch_up(database, root)
    assert _one(database, "project") == ("p",)
    ((message,),) = _all(database, "SELECT message FROM problems")
    assert f"z/n/runs/{run.id}" in message
    assert catch_up(database, root) == Report()
    shutil.rmtree(twin)
    catch_up(database, root)
    assert _all(database, "SELECT message FROM problems") == []


def test_documents_of_0_4_with_bare_nan_are_read(
    store: Store, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.folder.summary.write_text('{"best_metric_name": "loss", "best_metric_value": NaN}')
    store.catch_up()
    detail = store.experiment(run.id)
    assert detail.problems == []
    assert detail.experiment.best_metric_value == "NaN"


def test_numbers_that_no_database_holds_harm_nothing(
    store: Store, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.folder.meta.write_text(f'{{"pid": {2**80}, "created_at": {10**400}}}')
    run.folder.summary.write_text(f'{{"best_metric_name": "x", "best_metric_step": {2**70}}}')
    run.folder.config.write_text(f'{{"huge": {10**400}, "half": "\\ud800", "\\udc00": 1}}')
    store.catch_up()
    experiment = store.experiment(run.id).experiment
    assert (experiment.pid, experiment.best_metric_step) == (None, None)
    assert store.fields("p").config[0].n_runs == 1


def test_a_damaged_index_heals_itself_while_catching_up(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.log({"loss": 1.0}, step=1)
    catch_up(database, root)
    database.close()
    for end in ("-wal", "-shm"):
        database.path.with_name(database.path.name + end).unlink(missing_ok=True)
    size = database.path.stat().st_size
    with database.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    assert catch_up(database, root).n_points == 1


@pytest.mark.promise(3)
@pytest.mark.parametrize("age_s", [0.0, 60.0], ids=["at once", "later"])
@pytest.mark.parametrize("is_torn", [True, False], ids=["torn", "whole"])
def test_a_line_in_place_of_another_of_the_same_length_is_read(
    database: Database, root: Path, new_run: Callable[..., Any], *, age_s: float, is_torn: bool
) -> None:
    run = new_run()
    run.log({"loss": 0.5}, step=1)
    line = encode(2.0, "metrics", {"loss": 0.25, "global_step": 2})
    offset = run.raw(b"x" * len(line) if is_torn else line.replace(b"0.25", b"0.75"))
    _changed_before(run.folder.journal, 2 * age_s)
    catch_up(database, root)
    run.journal.close()
    os.truncate(run.folder.journal, offset)
    with run.folder.journal.open("ab") as journal:
        journal.write(line)
    _changed_before(run.folder.journal, age_s)
    catch_up(database, root)
    assert _all(database, "SELECT step, metric_value FROM metrics") == [(1, 0.5), (2, 0.25)]
    revision = database.revision()
    assert catch_up(database, root) == Report()
    assert database.revision() == revision


def test_a_journal_that_only_looks_different_is_no_change(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    run.log({"loss": 0.5}, step=1)
    catch_up(database, root)
    for age_s in (60.0, 50.0):
        _changed_before(run.folder.journal, age_s)
        assert catch_up(database, root) == Report()
    revision = database.revision()
    assert catch_up(database, root) == Report()
    assert database.revision() == revision


@pytest.mark.promise(4)
def test_a_journal_that_became_a_pipe_between_two_looks_is_not_opened_as_a_file(
    tmp_path: Path,
) -> None:
    pipe = tmp_path / "events.jsonl"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)  # without one, opening it to read would wait for ever
    try:
        cursor = replace(NEW_CURSOR, byte_offset=10, tail="0a")
        stretch = read_stretch("run", pipe, cursor, JournalLook(20, "1:2"), 100)
    finally:
        os.close(writer)
    assert stretch.problem == "can't be read: is no regular file"


def test_a_catch_up_that_is_stopped_ends_early_and_gets_on_all_the_same(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    for number in range(250):
        new_run(f"run-{number:03}").log({"loss": 0.5}, step=1)
    stop = threading.Event()
    stop.set()
    report = catch_up(database, root, stop=stop)
    assert (report.is_complete, report.is_listed, len(report.added)) == (False, False, 100)
    stop.clear()
    report = catch_up(database, root, stop=stop)
    assert (report.is_complete, len(report.added)) == (True, 150)


def test_runs_that_came_or_moved_are_found_where_somebody_says(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    first = new_run("first")
    catch_up(database, root)
    second = new_run("second")
    new_run("third")
    told = {"second": {root / "p" / "gone" / "runs" / "second", second.path}}
    assert catch_up(database, root, ["second"], folders=told).added == ["second"]
    moved = root / "q" / "n" / "runs" / "first"
    moved.parent.mkdir(parents=True)
    first.path.rename(moved)
    report = catch_up(database, root, ["first"], folders={"first": {first.path, moved}})
    assert (report.added, report.changed) == ([], ["first"])
    assert _all(database, "SELECT id, project FROM experiments ORDER BY id") == [
        ("first", "q"),
        ("second", "p"),
    ]
    shutil.rmtree(moved)
    report = catch_up(database, root, ["first"], folders={"first": {moved}})
    assert (report.removed, report.added) == (["first"], ["third"])


def test_an_index_that_lacks_runs_gets_all_of_them_in_order_whatever_is_told(
    database: Database, root: Path, new_run: Callable[..., Any]
) -> None:
    new_run("old", created_at=1.0)
    new = new_run("new", created_at=2.0)
    catch_up(database, root, ["new"], folders={"new": {new.path}})
    assert _all(database, "SELECT id, slot FROM experiments ORDER BY slot") == [
        ("old", 0),
        ("new", 1),
    ]


def _changed_before(path: Path, seconds: float) -> None:
    changed_at = time.time() - seconds
    os.utime(path, (changed_at, changed_at))

from __future__ import annotations

import os
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.curation.finding import find_run, find_runs
from runicorn.curation.moving import move
from runicorn.curation.recycle import delete, purge, restore
from runicorn.curation.tagging import edit
from runicorn.curation.usage import measure
from runicorn.errors import (
    ConflictError,
    InvalidNameError,
    InvalidValueError,
    NotFoundError,
    RunNotFoundError,
    StorageError,
)
from runicorn.files import read_json, write_json
from runicorn.query.models import ExperimentQuery
from runicorn.store import Store
from tests.core.conftest import NewRun


def test_a_run_is_found_by_the_beginning_of_its_id(new_run: NewRun, root: Path) -> None:
    new_run("20260101_000000_aaaaaa")
    new_run("20260102_000000_bbbbbb")
    assert find_run(root, "20260102").id == "20260102_000000_bbbbbb"
    found = find_runs(root, ["20260102", "20260101_0", "20260102_000000"])
    assert [folder.id for folder in found] == ["20260102_000000_bbbbbb", "20260101_000000_aaaaaa"]
    with pytest.raises(NotFoundError, match="beginning of 2 runs"):
        find_run(root, "2026")
    for text in ("nothing", "", "../p", "\0"):
        with pytest.raises(RunNotFoundError):
            find_run(root, text)


def test_an_id_that_begins_another_one_is_found_all_the_same(new_run: NewRun, root: Path) -> None:
    new_run("a")
    new_run("ab")
    assert find_run(root, "a").id == "a"


def test_a_deleted_run_is_marked_and_comes_back(new_run: NewRun, root: Path, store: Store) -> None:
    run = new_run()
    assert delete(run.folder, "a typo")
    assert not delete(run.folder)
    marker = read_json(run.folder.deleted)
    assert marker is not None
    assert (marker["reason"], marker["original_status"]) == ("a typo", "finished")
    store.catch_up()
    assert store.experiments().total == 0
    assert store.experiments(ExperimentQuery(include_deleted=True)).experiments[0].is_deleted
    assert store.files.runs() == []
    with pytest.raises(NotFoundError, match="runicorn restore"):
        find_run(root, run.id)
    assert restore(find_run(root, run.id, is_deleted=True))
    assert not restore(run.folder)
    store.catch_up()
    assert store.experiments().total == 1
    with pytest.raises(NotFoundError, match="not in the recycle bin"):
        find_run(root, run.id, is_deleted=True)


def test_a_run_that_records_is_deleted_and_goes_on_undisturbed(root: Path) -> None:
    with rn.init("p", "n", storage=root) as run:
        delete(find_run(root, run.id))
        run.log({"loss": 1.0})
    restore(find_run(root, run.id, is_deleted=True))
    assert b'"loss"' in find_run(root, run.id).journal.read_bytes()


def test_a_purged_run_is_gone_with_the_folders_it_leaves_empty(
    new_run: NewRun, root: Path, store: Store
) -> None:
    run, other = new_run("a", name="x/y"), new_run("b", name="x")
    store.catch_up()
    purge(root, run.folder)
    assert not (root / "p" / "x" / "y").exists()
    assert other.path.is_dir()
    assert [path.name for path in root.iterdir() if path.name.startswith(".purge")] == []
    assert store.catch_up().removed == ["a"]


def test_a_run_that_records_is_neither_purged_nor_moved(root: Path) -> None:
    with rn.init("p", "n", storage=root) as run:
        folder = find_run(root, run.id)
        with pytest.raises(ConflictError, match="still recording"):
            purge(root, folder)
        with pytest.raises(ConflictError, match="still recording"):
            move(root, folder, "q", "n")
    assert not folder.deleted.exists()
    purge(root, folder)
    assert not (root / "p").exists()


def test_a_moved_run_shows_its_new_place_everywhere(
    new_run: NewRun, root: Path, store: Store
) -> None:
    run = new_run()
    write_json(run.folder.meta, {"project": "p", "name": "n", "created_at": 1.0})
    run.log({"loss": 0.5}, step=1)
    store.catch_up()
    moved = move(root, run.folder, "q", "x/y")
    assert moved.path == root / "q" / "x" / "y" / "runs" / run.id
    assert not (root / "p").exists()
    report = store.catch_up()
    assert (report.added, report.removed) == ([], [])
    experiment = store.experiment(run.id).experiment
    assert (experiment.project, experiment.name) == ("q", "x/y")
    assert store.metrics_table(run.id).rows == [{"global_step": 1, "loss": 0.5}]
    assert (store.files.run(run.id).project, store.files.run(run.id).name) == ("q", "x/y")


def test_moving_overwrites_nothing_and_stays_in_the_root(
    new_run: NewRun, root: Path, tmp_path: Path
) -> None:
    run = new_run("a", project="p")
    twin = new_run("a", project="q")
    with pytest.raises(ConflictError, match="exists already"):
        move(root, run.folder, "q", "n")
    assert twin.folder.meta.exists()
    with pytest.raises(ConflictError, match="already"):
        move(root, run.folder, "p", "n")
    for project, name in (("..", "n"), ("q", "../n"), ("artifacts", "n"), ("q", "/n"), ("", "n")):
        with pytest.raises(InvalidNameError):
            move(root, run.folder, project, name)
    (tmp_path / "elsewhere").mkdir()
    (root / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConflictError, match="symbolic link"):
        move(root, run.folder, "link", "n")
    assert run.path.is_dir()


def test_tags_and_notes_given_later_lie_over_those_of_the_start(
    new_run: NewRun, root: Path, store: Store
) -> None:
    run = new_run(tags=["sweep", "old"], notes="first try")
    before = run.folder.meta.read_bytes()
    assert edit(run.folder) == (["sweep", "old"], "first try")
    assert not run.folder.annotations.exists()
    assert edit(run.folder, add=["good", "sweep"], remove=["old"]) == (
        ["sweep", "good"],
        "first try",
    )
    store.catch_up()
    assert store.experiment(run.id).experiment.tags == ["sweep", "good"]
    assert edit(run.folder, notes="keep this")[1] == "keep this"
    store.catch_up()
    found = store.experiments(ExperimentQuery(tags=["good"], search="KEEP this")).experiments
    assert [each.id for each in found] == [run.id]
    assert store.experiments(ExperimentQuery(tags=["old"])).total == 0
    assert edit(run.folder, remove=["sweep", "good"], notes="") == ([], None)
    assert run.folder.meta.read_bytes() == before
    run.folder.annotations.unlink()
    store.catch_up()
    assert store.experiment(run.id).experiment.tags == ["sweep", "old"]


@pytest.mark.promise(4)
def test_damaged_annotations_are_a_problem_of_that_run_and_are_not_overwritten(
    new_run: NewRun, store: Store
) -> None:
    run = new_run(tags=["a"])
    run.folder.annotations.write_text("{", encoding="utf-8")
    store.catch_up()
    detail = store.experiment(run.id)
    assert detail.experiment.tags == ["a"]
    assert [problem.file for problem in detail.problems] == ["annotations.json"]
    with pytest.raises(StorageError, match="remove it"):
        edit(run.folder, add=["b"])
    write_json(run.folder.annotations, {"tags": "no list", "notes": 7, "color": "red"})
    assert edit(run.folder, add=["b"]) == (["a", "b"], None)
    kept = read_json(run.folder.annotations)
    assert kept is not None
    assert kept["color"] == "red"


def test_what_is_no_tag_is_refused(new_run: NewRun) -> None:
    run = new_run()
    for tag in ("", " ", "a\nb", "\x1b[31m", "x" * 300):
        with pytest.raises(InvalidValueError):
            edit(run.folder, add=[tag])
    assert not run.folder.annotations.exists()


def test_usage_counts_every_file_once(new_run: NewRun, root: Path) -> None:
    run, other = new_run("a"), new_run("b")
    run.folder.logs.write_bytes(b"x" * 1000)
    pool = root / "artifacts" / ".dedup" / "aa" / "blob"
    pool.parent.mkdir(parents=True)
    pool.write_bytes(b"y" * 5000)
    version = root / "artifacts" / "model" / "net" / "v1" / "files" / "weights"
    version.parent.mkdir(parents=True)
    version.hardlink_to(pool)
    (root / "runicorn.db").write_bytes(b"z" * 300)
    (root / "notes.md").write_bytes(b"n" * 20)
    delete(other.folder)
    usage = measure(root)
    assert [each.folder.id for each in usage.runs] == ["a", "b"]
    assert usage.runs[0].n_bytes > 1000
    assert usage.deleted_bytes == usage.runs[1].n_bytes
    assert (usage.artifacts_bytes, usage.index_bytes, usage.other_bytes) == (5000, 300, 20)
    assert usage.total_bytes == sum(each.n_bytes for each in usage.runs) + 5320
    assert measure(root / "nothing").total_bytes == 0


@pytest.mark.promise(4)
def test_a_run_in_a_folder_named_in_no_utf_8_is_found_by_what_stands_for_its_name(
    root: Path, new_run: NewRun
) -> None:
    path = new_run("run").path
    path.rename(path.with_name(os.fsdecode(b"a\xff")))
    folder = find_run(root, r"a\udcff")
    assert (folder.id, folder.project, folder.name) == (r"a\udcff", "p", "n")
    assert find_run(root, "a").path == folder.path == path.with_name(os.fsdecode(b"a\xff"))

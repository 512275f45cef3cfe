"""Linux's own way of telling what changed: folder by folder, whatever their names are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from runicorn_server.inotify import Tree

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


@pytest.fixture
def tree(root: Path) -> Iterator[Tree]:
    """A watched root that has nothing in it yet."""
    root.mkdir()
    tree = Tree(root)
    tree.watch()
    yield tree
    tree.close()


def append(path: Path) -> Path:
    with path.open("ab") as file:
        file.write(b"x\n")
    return path


def test_what_was_written_before_a_look_is_told_by_it(
    tree: Tree, write_run: Callable[..., Path]
) -> None:
    run = write_run("run")
    assert tree.read().paths >= {run}
    for name in ("events.jsonl", "logs.txt", "events.jsonl"):
        path = append(run / name)
        assert tree.read().paths == {path}
    assert not tree.read().paths
    (run / "status.json").unlink()
    assert tree.read().paths == {run / "status.json"}


def test_what_was_there_before_is_watched(root: Path, write_run: Callable[..., Path]) -> None:
    runs = [write_run("a"), write_run("b", "text", "deep/name")]
    flat = root / "runs" / "c"
    flat.mkdir(parents=True)
    tree = Tree(root)
    tree.watch()
    try:
        changed = {append(run / "logs.txt") for run in [*runs, flat]}
        assert tree.read().paths == changed
    finally:
        tree.close()


def test_a_project_that_comes_moves_and_goes_is_told_by_its_runs(
    tree: Tree, root: Path, write_run: Callable[..., Path]
) -> None:
    runs = {write_run("a", "first", "deep/name"), write_run("b", "first")}
    assert tree.read().paths >= runs
    (root / "first").rename(root / "second")
    moved = {root / "second" / run.relative_to(root / "first") for run in runs}
    assert tree.read().paths == runs | moved
    changed = {append(run / "events.jsonl") for run in moved}
    assert tree.read().paths == changed
    shutil.rmtree(root / "second")
    news = tree.read()
    assert news.paths >= moved
    assert not news.is_lost
    assert write_run("a", "first") in tree.read().paths


def test_a_project_that_leaves_the_root_is_watched_no_more(
    tree: Tree, root: Path, tmp_path: Path, write_run: Callable[..., Path]
) -> None:
    run = write_run("run", "project")
    tree.read()
    (root / "project").rename(tmp_path / "aside")
    assert tree.read().paths == {run}
    append(tmp_path / "aside" / run.relative_to(root / "project") / "events.jsonl")
    assert not tree.read().paths
    (tmp_path / "aside").rename(root / "project")
    assert tree.read().paths == {run}


def test_names_that_are_no_utf_8_are_told_like_others(tree: Tree, root: Path) -> None:
    runs = os.fsencode(root / "p" / "n" / "runs")
    os.makedirs(runs + b"/\xff")  # noqa: PTH103 - bytes
    assert tree.read().paths == {Path(os.fsdecode(runs + b"/\xff"))}
    path = append(Path(os.fsdecode(runs + b"/\xff/\xfe.json")))
    assert tree.read().paths == {path}


def test_what_concerns_no_run_is_not_told(
    tree: Tree, root: Path, write_run: Callable[..., Path]
) -> None:
    run = write_run("run")
    tree.read()
    append(root / "runicorn.db")
    append(run / "status.json.tmp")
    for folder in (root / "artifacts" / "a" / "runs" / "b", root / ".hidden", run / "media"):
        folder.mkdir(parents=True)
        append(folder / "file")
    (root / "link").symlink_to(run.parent.parent)
    news = tree.read()
    assert not news.paths
    assert not news.is_lost


def test_a_root_that_is_named_like_the_folder_of_runs_is_watched(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    tree = Tree(root)
    tree.watch()
    try:
        run = root / "project" / "name" / "runs" / "run"
        run.mkdir(parents=True)
        assert tree.read().paths == {run}
    finally:
        tree.close()


@pytest.mark.parametrize("what", ["removed", "moved"])
def test_a_root_that_is_gone_is_told(tree: Tree, root: Path, what: str) -> None:
    if what == "removed":
        root.rmdir()
    else:
        root.rename(root.with_name("elsewhere"))
    assert tree.read().is_lost


def test_more_changes_than_the_system_keeps_are_told_as_lost(
    tree: Tree, write_run: Callable[..., Path]
) -> None:
    run = write_run("run")
    tree.read()
    n_events = int(QUEUE.read_text(encoding="ascii")) + 100
    with (run / "a").open("ab", 0) as first, (run / "b").open("ab", 0) as second:
        for number in range(n_events):  # in turns, since equal events in a row are one
            (first, second)[number % 2].write(b"x")
    assert tree.read().is_lost


def test_a_root_that_is_not_there_is_told_as_such(root: Path) -> None:
    tree = Tree(root)
    try:
        with pytest.raises(FileNotFoundError):
            tree.watch()
    finally:
        tree.close()


def test_no_descriptor_and_no_watch_stays_behind(
    tree: Tree, root: Path, write_run: Callable[..., Path]
) -> None:
    n_open = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        write_run("run", "project")
        tree.read()
        shutil.rmtree(root / "project")
        tree.read()
        other = Tree(root)
        other.watch()
        other.close()
    assert len(tree._folders) == 1
    assert len(list(Path("/proc/self/fd").iterdir())) == n_open

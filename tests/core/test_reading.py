"""Reading runs back: whole, sorted, while they record, and where no index can be kept."""

from __future__ import annotations

import logging
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.errors import InvalidFilterError, RunNotFoundError, UsageError
from runicorn.events import Event, encode
from runicorn.index import database as database_module
from runicorn.store import Store
from runicorn.stored import StoredRun
from tests.core.conftest import CREATED_AT, FINISHED, NewRun, RunOnDisk


def _ids(runs: list[StoredRun]) -> list[str]:
    return [run.id for run in runs]


def test_what_a_run_recorded_is_read_whole(root: Path) -> None:
    config = {"lr": 1e-3, "model": {"name": "vit", "layers": [1, 2]}}
    with rn.init("vision", "res/net", config=config, tags=["a"], notes="try", storage=root) as run:
        for step in range(5):
            rn.log({"loss": 1 / (step + 1)}, step=step)
        rn.log_text("one\ntwo")
        rn.summary({"loss": 0.125, "test": {"acc": 0.9}})
    (read,) = rn.runs("vision", root=root)
    assert (read.id, read.project, read.name, read.status) == (
        run.id,
        "vision",
        "res/net",
        "finished",
    )
    assert (read.tags, read.notes, read.run_dir) == (["a"], "try", run.run_dir)
    assert read.config == config
    assert read.metrics == ["loss"]
    assert read.summary == {"loss": 0.125, "test": {"acc": 0.9}}
    assert read.history("loss").values.tolist() == [1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert [line.partition(" | ")[2] for line in read.logs()] == ["one", "two"]
    assert [event.type for event in read.events()] == [
        "config",
        *["metrics"] * 5,
        "summary",
        "finish",
    ]
    assert (read.problems, read.environment, len(read.attempts)) == ([], {}, 1)
    assert read.duration_s is not None
    assert read.duration_s >= 0
    assert rn.run_by_id(run.id[:-2], root=root) == read


@pytest.fixture
def many(new_run: NewRun) -> None:
    """Four runs; `b` is in the recycle bin."""
    for number, (run_id, name, lr, acc) in enumerate(
        [
            ("a", "one", 0.1, 0.5),
            ("b", "one", 0.2, 0.9),
            ("c", "two", 0.1, 0.7),
            ("d", "two", None, None),
        ]
    ):
        config = {} if lr is None else {"lr": lr}
        run = new_run(run_id, name=name, config=config, created_at=CREATED_AT + number)
        if acc is not None:
            run.log({"val/acc": acc}, step=1)
    (run.path.parents[2] / "one" / "runs" / "b" / ".deleted").write_text("{}")


@pytest.mark.usefixtures("many")
def test_runs_are_newest_first_and_sorted_by_several_fields(root: Path) -> None:
    assert _ids(rn.runs(root=root)) == ["d", "c", "a"]
    assert _ids(rn.runs(root=root, include_deleted=True, limit=3)) == ["d", "c", "b"]
    assert _ids(rn.runs("p", name="two", root=root)) == ["d", "c"]
    assert _ids(rn.runs("q", root=root)) == []
    assert _ids(rn.runs(root=root, sort="-val/acc")) == ["c", "a", "d"]
    assert _ids(rn.runs(root=root, sort="cfg.lr, -val/acc")) == ["c", "a", "d"]
    assert _ids(rn.runs(root=root, sort=["cfg.lr", "val/acc"])) == ["a", "c", "d"]
    assert _ids(rn.runs(root=root, limit=0)) == []
    assert [run.is_deleted for run in rn.runs(root=root, include_deleted=True)].count(True) == 1


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(("field", "wrong"), [("sort", {"sort": "nope"}), ("limit", {"limit": -1})])
def test_a_question_that_makes_no_sense_is_refused(
    root: Path, field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidFilterError) as caught:
        rn.runs(root=root, **wrong)
    assert caught.value.field == field


@pytest.mark.usefixtures("many")
def test_one_run_is_found_by_a_beginning_that_no_other_has(root: Path, new_run: NewRun) -> None:
    for run_id in ("abc1", "abc2"):
        new_run(run_id)
    assert rn.run_by_id("abc1", root=root).id == "abc1"
    assert rn.run_by_id("b", root=root).is_deleted
    with pytest.raises(RunNotFoundError, match="abc1 and abc2") as caught:
        rn.run_by_id("abc", root=root)
    assert caught.value.candidates == ("abc1", "abc2")
    for text in ("nope", "", "\0", "../a"):
        with pytest.raises(RunNotFoundError, match="No run has the id"):
            rn.run_by_id(text, root=root)


def test_a_root_that_is_not_there_has_no_runs_and_is_not_made(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "runicorn"):
        assert rn.runs(root=root) == []
    assert str(root) in caplog.text
    with pytest.raises(RunNotFoundError):
        rn.run_by_id("a", root=root)
    assert not root.exists()


def test_a_run_is_read_while_it_records(root: Path) -> None:
    with rn.init(storage=root) as run:
        read = rn.run_by_id(run.id, root=root)
        assert (read.status, len(read.history("loss")), read.logs()) == ("running", 0, [])
        for step in range(3):
            rn.log(loss=step)
            assert len(read.history("loss")) == step + 1
            assert read.summary["loss"].last == step
        rn.log_text("hello")
        assert len(read.logs(1)) == 1
        rn.summary({"done": True})
    assert read.status == "running"
    assert read.refresh() is read
    assert (read.status, read.summary["done"]) == ("finished", True)


def test_a_run_that_is_gone_is_told_when_it_is_read_again(root: Path, new_run: NewRun) -> None:
    run = new_run()
    read = rn.run_by_id(run.id, root=root)
    shutil.rmtree(run.path)
    with pytest.raises(RunNotFoundError):
        read.refresh()
    assert (read.config, read.logs(), list(read.events())) == ({}, [], [])
    assert rn.runs(root=root) == []


def test_a_summary_says_of_each_metric_what_a_plain_loop_says(root: Path, new_run: NewRun) -> None:
    run = new_run(summary={"best_metric_name": "score", "best_metric_mode": "min"})
    logged = [0.1, "NaN", 1e16, "Infinity", -3.0, 1.0, 0.1]
    for step, value in enumerate(logged):
        run.log({"score": value, "val/accuracy": step}, step=10 - step)
    (read,) = rn.runs(root=root)
    score = read.summary["score"]
    finite = [value for value in logged if isinstance(value, float)]
    assert (score.count, score.nan_count) == (7, 1)
    assert (score.first, score.first_step, score.last, score.last_step) == (0.1, 4, 0.1, 10)
    assert (score.min, score.min_step, score.max, score.max_step) == (-3.0, 6, 1e16, 8)
    assert (score.best, score.best_step) == (-3.0, 6)
    assert score.mean == float(sum(map(Fraction, finite)) / len(finite))
    assert read.summary["val/accuracy"].best == 6
    assert read.summary["best_metric_name"] == "score"


def test_a_metric_of_nan_alone_has_no_mean_and_no_extremes(root: Path, new_run: NewRun) -> None:
    new_run().log({"loss": "NaN"}, step=1)
    loss = rn.runs(root=root)[0].summary["loss"]
    assert math.isnan(loss.last)
    assert (loss.min, loss.max, loss.mean, loss.best, loss.nan_count) == (None, None, None, None, 1)


def test_superseded_points_are_shown_when_they_are_asked_for(root: Path, new_run: NewRun) -> None:
    run = new_run()
    for step in (1, 2, 3):
        run.log({"loss": step}, step=step)
    run.event("attempt", {"attempt": 2, "resumed_at_step": 2})
    run.log({"loss": 20.0, "acc": 1.0}, step=2)
    (read,) = rn.runs(root=root)
    assert read.history("loss").values.tolist() == [1, 20]
    whole = read.history("loss", attempts="all")
    assert list(whole) == [(1, 1.0), (2, 2.0), (3, 3.0), (2, 20.0)]
    assert whole.attempts.tolist() == [1, 1, 1, 2]
    joined = read.history("loss", "acc", attempts="all")
    assert list(joined) == [(1, 1.0, None), (2, 2.0, None), (3, 3.0, None), (2, 20.0, 1.0)]
    assert [(each.number, each.resumed_at_step) for each in read.attempts] == [(1, None), (2, 2)]
    assert (read.attempt, read.summary["loss"].count) == (2, 2)
    with pytest.raises(UsageError, match="'current' or 'all'"):
        read.history("loss", attempts="first")  # type: ignore[arg-type]


def test_events_are_those_of_the_journal_and_damage_is_passed_over(
    root: Path, new_run: NewRun
) -> None:
    run = new_run()
    run.log({"loss": "NaN", "inf": "-Infinity"}, step=1, stage="NaN")
    run.raw(b"{garbage\n")
    offset = run.event("alert", {"title": "NaN"})
    run.raw(b'{"ts": 1, "type": "alert", "data": {"title": "torn"')
    (read,) = rn.runs(root=root)
    metrics, alert = read.events()
    assert math.isnan(metrics.data["loss"])
    assert (metrics.data["inf"], metrics.data["stage"]) == (-math.inf, "NaN")
    assert list(read.events("alert")) == [alert]
    assert alert == Event(offset, CREATED_AT + 2, "alert", {"title": "NaN"})
    assert [problem.file for problem in read.problems] == ["events.jsonl"]


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"a", b"a\n\nb\n", b"x\n" * 70_000, "ä".encode() * 90_000]
)
def test_the_end_of_a_log_is_the_end_of_the_whole(root: Path, new_run: NewRun, text: bytes) -> None:
    run = new_run()
    run.folder.logs.write_bytes(text)
    (read,) = rn.runs(root=root)
    lines = text.decode().split("\n")
    assert read.logs() == (lines if lines[-1] else lines[:-1])
    for tail in (0, 1, 2, 3, 65_537):
        assert read.logs(tail) == (read.logs()[-tail:] if tail else [])


def test_a_run_with_damaged_documents_is_read_all_the_same(root: Path, new_run: NewRun) -> None:
    run = new_run()
    for name in ("config.json", "summary.json", "environment.json"):
        (run.path / name).write_text("{")
    run.log({"loss": 1.0}, step=1)
    (read,) = rn.runs(root=root)
    assert (read.config, read.environment, list(read.summary)) == ({}, {}, ["loss"])
    assert {problem.file for problem in read.problems} == {"config.json", "summary.json"}


def test_a_notebook_shows_a_run_without_running_what_stands_in_it(
    root: Path, new_run: NewRun
) -> None:
    new_run("a<b>", tags=["<script>alert(1)</script>"], notes='"><img src=x>', created_at=1e300)
    (read,) = rn.runs(root=root)
    shown = read._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert "a&lt;b&gt;" in shown
    assert repr(read) == "<StoredRun a<b> p/n: finished>"


def test_runs_of_one_root_are_equal_by_id(root: Path, new_run: NewRun) -> None:
    new_run("a"), new_run("b")
    first, second = rn.runs(root=root), rn.runs(root=root)
    assert first == second
    assert len({*first, *second}) == 2
    assert first[0] != "a"


@pytest.fixture
def temporary_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in which temporary ones are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_an_index_that_can_not_be_opened_is_made_up_for_by_a_spare_one(
    root: Path, new_run: NewRun, temporary_folders: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = new_run(config={"lr": 0.5})
    run.log({"loss": 1.0}, step=1)
    (root / "runicorn.db").mkdir()
    with Store(root) as store:
        with caplog.at_level(logging.WARNING, "runicorn"):
            (read,) = store.runs(sort="cfg.lr")
        assert "can't be opened" in caplog.text
        run.log({"loss": 2.0}, step=2)
        assert read.refresh().history("loss").values.tolist() == [1.0, 2.0]
        assert len(list(temporary_folders.iterdir())) == 1
        assert store.run(run.id) == read
    assert len(caplog.records) == 1


def test_an_index_that_somebody_locks_is_made_up_for_by_a_spare_one(
    root: Path, new_run: NewRun, temporary_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run()
    with Store(root) as store:
        store.catch_up()
    monkeypatch.setattr(database_module, "BUSY_S", 0.1)
    with closing(sqlite3.connect(root / "runicorn.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        run.log({"loss": 1.0}, step=1)
        with Store(root) as store:
            assert len(store.runs()[0].history("loss")) == 1
            assert any(temporary_folders.iterdir())


def test_an_index_that_is_deleted_meanwhile_is_made_anew(root: Path, new_run: NewRun) -> None:
    run = new_run()
    run.log({"loss": 1.0}, step=1)
    with Store(root) as store:
        (read,) = store.runs()
        for path in root.glob("runicorn.db*"):
            path.unlink()
        assert len(read.history("loss")) == 1


_AS_NOBODY = """
import os, sys
import runicorn as rn
warm, root = sys.argv[1:]
rn.runs(root=warm)[0].history()
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
(run,) = rn.runs(root=root, sort="-loss")
print(run.history("loss").values.tolist(), run.config, run.summary["loss"].count)
(run,) = rn.runs(root=root)
"""


def test_a_root_that_may_only_be_read_is_read_and_left_as_it_is(
    new_run: NewRun, root: Path
) -> None:
    run = new_run(config={"lr": 0.5})
    run.log({"loss": 1.5}, step=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        only_read, cache = folder / "root", folder / "cache"
        shutil.copytree(root, only_read)
        cache.mkdir()
        cache.chmod(0o777)
        before = sorted(folder.rglob("*"))
        for path in [only_read, *only_read.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        child = subprocess.run(
            [sys.executable, "-W", "error", "-c", _AS_NOBODY, str(root), str(only_read)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": str(cache)},
        )
        assert (child.stdout, child.stderr) == ("[1.5] {'lr': 0.5} 1\n", "")
        made = set(folder.rglob("*")) - set(before)
        assert {path.suffix for path in made if path.is_file()} == {".db", ".lock"}
        assert all(path.is_relative_to(cache) for path in made)
        for path in [only_read, *only_read.rglob("*")]:
            path.chmod(0o755)


def test_runs_that_are_not_read_within_the_budget_are_told(
    root: Path,
    new_run: Callable[..., RunOnDisk],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(150):
        new_run(f"run-{number:03}").log({"loss": 1.0}, step=1)
    monkeypatch.setattr("runicorn.query.source.BUDGET_S", 0.0)
    with Store(root) as store:
        runs = store.runs()
        assert 0 < len(runs) < 150
        assert "still behind" in caplog.text
        # What is asked of one run is read whatever the budget was.
        assert {len(run.history("loss")) for run in runs} == {1}
        assert store.run("run-149").metrics == ["loss"]


def test_the_module_functions_keep_few_stores_open(tmp_path: Path) -> None:
    from runicorn import store as module

    first = None
    for number in range(12):
        root = tmp_path / f"root{number}"
        (root / "p" / "n" / "runs" / "a").mkdir(parents=True)
        (root / "p" / "n" / "runs" / "a" / "meta.json").write_text("{}")
        (run,) = rn.runs(root=root)
        first = first or run
    assert len(module._stores) <= 8
    assert first is not None
    assert first.refresh().metrics == []  # its store was closed and opens again


def test_a_finished_run_needs_no_look_at_its_folder(root: Path, new_run: NewRun) -> None:
    run = new_run(status=FINISHED)
    run.log({"loss": 1.0}, step=1)
    (read,) = rn.runs(root=root)
    run.log({"loss": 2.0}, step=2)
    assert len(read.history("loss")) == 1
    assert len(read.refresh().history("loss")) == 2


def _write_rank(run: RunOnDisk, rank: int, *lines: tuple[str, dict[str, Any]]) -> None:
    with run.folder.journal_of(rank).open("ab") as journal:
        for kind, data in lines:
            journal.write(encode(CREATED_AT + rank, kind, data))


def test_metrics_of_further_ranks_are_kept_apart(root: Path, new_run: NewRun) -> None:
    run = new_run()
    run.log({"loss": 1.0, "rank1/loss": 7.0}, step=1)
    _write_rank(run, 1, ("metrics", {"loss": 2.0, "global_step": 1}))
    _write_rank(run, 12, ("metrics", {"loss": 3.0, "gpu": 0.5, "global_step": 1}))
    run.folder.logs_of(1).write_text("one\n")
    (run.path / "events-01.jsonl").write_bytes(b"no journal of a rank\n")
    (read,) = rn.runs(root=root)
    assert read.metrics == ["loss", "rank1//loss", "rank1/loss", "rank12//gpu", "rank12//loss"]
    assert read.history("loss").values.tolist() == [1.0]
    assert read.history("loss", rank=1).values.tolist() == [2.0]
    assert read.history("rank12//loss").values.tolist() == [3.0]
    assert read.history(rank=12).keys == ("gpu", "loss")
    assert read.history().keys == ("loss", "rank1/loss")
    assert [event.data["loss"] for event in read.events("metrics", rank=1)] == [2.0]
    assert (read.logs(rank=1), list(read.events(rank=5)), read.problems) == (["one"], [], [])
    assert _ids(rn.runs(root=root, filter="rank12//loss.max>2", sort="rank1//loss")) == [run.id]


def test_each_rank_supersedes_its_own_points(root: Path, new_run: NewRun) -> None:
    run = new_run()
    for step in (1, 2, 3):
        run.log({"loss": step}, step=step)
        _write_rank(run, 1, ("metrics", {"loss": -step, "global_step": step}))
    (read,) = rn.runs(root=root)
    _write_rank(run, 1, ("attempt", {"attempt": 2, "resumed_at_step": 3}))
    _write_rank(run, 1, ("metrics", {"loss": -30, "global_step": 3}))
    read.refresh()
    assert read.history("loss").values.tolist() == [1, 2, 3]
    assert read.history("loss", rank=1).values.tolist() == [-1, -2, -30]
    assert read.history("loss", rank=1, attempts="all").values.tolist() == [-1, -2, -3, -30]
    assert (read.attempt, len(read.attempts)) == (1, 1)
    run.event("attempt", {"attempt": 2, "resumed_at_step": 2})
    read.refresh()
    assert read.history("loss").values.tolist() == [1]
    assert read.history("loss", rank=1).values.tolist() == [-1, -2, -30]
    assert (read.attempt, len(read.attempts)) == (2, 2)


def test_damage_in_the_journal_of_a_rank_harms_nobody_else(root: Path, new_run: NewRun) -> None:
    run = new_run()
    run.log({"loss": 1.0}, step=1)
    run.log({"rank1//loss": 9.0, "acc": 1.0}, step=2)  # no writer of ours logs such a key
    _write_rank(run, 1, ("metrics", {"loss": 2.0, "global_step": 1}))
    with run.folder.journal_of(1).open("ab") as journal:
        journal.write(b"garbage\n")
    (read,) = rn.runs(root=root)
    assert [problem.file for problem in read.problems] == ["events-1.jsonl", "events.jsonl"]
    assert "another rank" in read.problems[1].message
    assert read.history("loss", rank=1).values.tolist() == [2.0]
    # Another journal in its place is read anew; rank 0 keeps what it has.
    run.folder.journal_of(1).unlink()
    _write_rank(run, 1, ("metrics", {"loss": 5.0, "global_step": 1}))
    read.refresh()
    assert read.history("loss", rank=1).values.tolist() == [5.0]
    assert read.history("loss", "acc").values[:, 0].tolist()[0] == 1.0
    assert "was cut or replaced" in " ".join(problem.message for problem in read.problems)


def test_the_best_value_follows_what_was_defined(root: Path, new_run: NewRun) -> None:
    run = new_run(summary={"best_metric_name": "score", "best_metric_mode": "max"})
    run.event("define_metric", {"name": "val/*", "goal": "min"})
    for step, value in enumerate((1.0, 3.0, 2.0)):
        run.log({"val/acc": value, "val/f1": value, "score": value, "x": value}, step=step)

    def best() -> list[float | None]:
        (read,) = rn.runs(root=root)
        return [read.summary[key].best for key in ("val/acc", "val/f1", "score", "x")]

    assert best() == [1.0, 1.0, 3.0, None]
    run.event("define_metric", {"name": "val/acc", "goal": "max", "unit": "%"})
    run.event("define_metric", {"name": "*", "goal": "max"})
    assert best() == [3.0, 3.0, 3.0, 3.0]  # the metric's own first, else the last pattern
    run.event("define_metric", {"name": "*", "hidden": True})
    assert best() == [3.0, 1.0, 3.0, None]  # what is defined again is defined anew
    run.event("define_metric", {"name": "score", "goal": "min"})
    assert best() == [3.0, 1.0, 1.0, None]
    assert _ids(rn.runs(root=root, filter="score.best=1 val/f1@best=1 x@best=null")) == [run.id]

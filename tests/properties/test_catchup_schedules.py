"""Promises 2 and 3: any schedule of catch-ups, cut anywhere, gives the same index."""

from __future__ import annotations

import math
import multiprocessing
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runicorn.events import encode
from runicorn.files import write_json
from runicorn.index.catchup import catch_up
from runicorn.index.database import Database, open_database
from runicorn.index.schema import CURSORS, TABLES
from runicorn.index.series import Summary, fold, summarize
from runicorn.query.models import ExperimentQuery, SeriesRequest
from runicorn.store import Store

_NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, "NaN", "Infinity", "-Infinity"]),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
_METRICS = st.builds(
    lambda values, step: encode(float(step), "metrics", {**values, "global_step": step}),
    st.dictionaries(st.sampled_from(["loss", "acc", "lr"]), _NUMBERS, max_size=3),
    st.integers(-3, 12),
)
_ATTEMPT = st.builds(
    lambda step: encode(1.0, "attempt", {"resumed_at_step": step}),
    st.one_of(st.none(), st.integers(-3, 12)),
)
_DEFINITION = st.builds(
    lambda name, goal: encode(1.0, "define_metric", {"name": name, "goal": goal}),
    st.sampled_from(["loss", "acc", "l*", "*"]),
    st.sampled_from(["min", "max", None]),
)
_DAMAGE = st.sampled_from([b"\n", b"{\n", b'{"type": "metrics"}\n', b"\xff\xfe\n", b"[]\n"])
_LINE = st.one_of(_METRICS, _METRICS, _METRICS, _ATTEMPT, _DEFINITION, _DAMAGE)
_JOURNAL = st.lists(_LINE, max_size=25).map(b"".join)
# Whose journals a root has, in this order: (number of the run, rank).
_PLACES = ((0, 0), (1, 0), (0, 1))


@dataclass
class Growing:
    """A root whose journals grow step by step, cut at any byte."""

    root: Path
    journals: list[bytes]
    written: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.written = [0] * len(self.journals)
        for number in range(2):
            folder = self.folder(number)
            folder.mkdir(parents=True)
            write_json(folder / "meta.json", {"created_at": 100.0 - number, "tags": ["t"]})
            write_json(folder / "status.json", {"status": "finished", "ended_at": 9.0})
            best = {"best_metric_name": "loss", "best_metric_mode": "min"}
            write_json(folder / "summary.json", best)
            (folder / "events.jsonl").touch()

    def folder(self, number: int) -> Path:
        return self.root / "p" / "n" / "runs" / f"run{number}"

    def grow(self, number: int, n_bytes: int) -> None:
        start = self.written[number]
        piece = self.journals[number][start : start + n_bytes]
        run, rank = _PLACES[number]
        name = f"events-{rank}.jsonl" if rank else "events.jsonl"
        with (self.folder(run) / name).open("ab") as file:
            file.write(piece)
        self.written[number] += len(piece)

    def grow_whole(self) -> None:
        for number, journal in enumerate(self.journals):
            self.grow(number, len(journal))


def _dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.reading() as connection:
        held = {
            table.name: [tuple(row) for row in connection.execute(table.select())]
            for table in TABLES
            if table.name != "facts"
        }
    keys = {row[0]: row[1:3] for row in held["series"]}
    held["series"] = [row[1:] for row in held["series"]]
    held["points"] = [(*keys[row[0]], *row[1:]) for row in held["points"]]
    # What a journal looked like when it was read last is no part of an answer.
    of_looks = [list(CURSORS.c.keys()).index(name) for name in ("identity", "size_seen")]
    held["cursors"] = [
        tuple(value for at, value in enumerate(row) if at not in of_looks)
        for row in held["cursors"]
    ]
    return {name: sorted(rows, key=repr) for name, rows in held.items()}


def _dump_at_once(root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Tell what one catch-up makes of the files, in an index of its own beside the root's."""
    with closing(Database(root / "at-once.db")) as database:
        catch_up(database, root)
        return _dump(database)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "root"


_STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which journal grows
        st.integers(0, 150),  # by how many bytes
        st.sampled_from(["nothing", "all", "one", "cut short", "other handle"]),
    ),
    max_size=12,
)


@pytest.mark.promise(3)
@settings(max_examples=40)
@given(journals=st.lists(_JOURNAL, min_size=3, max_size=3), steps=_STEPS)
def test_any_schedule_gives_the_index_of_one_catch_up_at_the_end(
    journals: list[bytes], steps: list[tuple[int, int, str]]
) -> None:
    with _folder() as root:
        growing = Growing(root, journals)
        with closing(open_database(root)) as first, closing(open_database(root)) as second:
            for number, n_bytes, what in steps:
                growing.grow(number, n_bytes)
                if what == "all":
                    catch_up(first, root, batch_bytes=60)
                elif what == "one":
                    catch_up(first, root, run_ids=[f"run{_PLACES[number][0]}"])
                elif what == "cut short":
                    catch_up(first, root, budget_s=0.0, batch_bytes=1)
                elif what == "other handle":
                    catch_up(second, root, batch_bytes=1)
            growing.grow_whole()
            catch_up(second, root, batch_bytes=100)
            assert _dump(first) == _dump_at_once(root)


@pytest.mark.promise(2)
@settings(max_examples=15)
@given(journals=st.lists(_JOURNAL, min_size=3, max_size=3))
def test_deleting_the_index_and_rebuilding_gives_the_same_answers(journals: list[bytes]) -> None:
    with _folder() as root:
        Growing(root, journals).grow_whole()
        before = _answers(root)
        for path in root.glob("runicorn.db*"):
            path.unlink()
        assert _answers(root) == before
        with Store(root) as store:
            store.rebuild()
        assert _answers(root) == before


def _answers(root: Path) -> list[object]:
    with Store(root) as store:
        store.catch_up()
        page = store.experiments(ExperimentQuery(columns=["loss"]))
        runs = [experiment.id for experiment in page.experiments]
        asked = [SeriesRequest(runs=runs, metrics=["loss", "acc"], px=px) for px in (4, 400)]
        return [
            page.model_dump(exclude={"query_time_ms"}),
            [store.experiment(run).model_dump() for run in runs],
            [store.series(request).model_dump() for request in asked],
            [store.metrics_table(run).model_dump(exclude={"query_time_ms"}) for run in runs],
            [project.model_dump() for project in store.projects()],
            store.fields("p").model_dump(),
        ]


def _metrics(n_lines: int, start: int = 0) -> bytes:
    return b"".join(
        encode(float(step), "metrics", {"loss": 1 / (step + 1), "acc": step, "global_step": step})
        for step in range(start, start + n_lines)
    )


def _catch_up_for_long(root: Path, batch_bytes: int) -> None:
    with closing(open_database(root)) as database:
        catch_up(database, root, batch_bytes=batch_bytes)


@pytest.mark.promise(3)
def test_threads_and_processes_that_catch_up_at_once_give_the_same_index(tmp_path: Path) -> None:
    root = tmp_path / "root"
    Growing(root, [_metrics(400), _metrics(400)]).grow_whole()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_catch_up_for_long, args=(root, 900)) for _ in range(2)]
    for process in processes:
        process.start()
    with closing(open_database(root)) as database:
        work = {"target": catch_up, "args": (database, root), "kwargs": {"batch_bytes": 700}}
        threads = [threading.Thread(**work) for _ in range(3)]  # type: ignore[arg-type]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [0, 0]
        assert _dump(database) == _dump_at_once(root)


def _say_so_and_catch_up(root: Path, pipe: Connection) -> None:
    with closing(open_database(root)) as database:
        pipe.send("starting")
        catch_up(database, root, batch_bytes=300)


@pytest.mark.promise(3)
def test_killing_a_catch_up_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    growing = Growing(root, [b"", b""])
    context = multiprocessing.get_context("spawn")
    n_killed = 0
    for turn in range(5):
        growing.journals = [_metrics(300 * (turn + 1)) for _ in range(2)]
        growing.grow_whole()
        parent, pipe = context.Pipe()
        child = context.Process(target=_say_so_and_catch_up, args=(root, pipe))
        child.start()
        assert parent.poll(60)
        child.join(0.005 + 0.03 * turn)  # another moment in every turn
        child.kill()
        child.join(60)
        n_killed += child.exitcode == -signal.SIGKILL
        parent.close()
        pipe.close()
    assert n_killed
    with closing(open_database(root)) as database:
        catch_up(database, root)
        assert _dump(database) == _dump_at_once(root)


_POINTS = st.lists(
    st.tuples(
        st.integers(-5, 5), st.one_of(st.sampled_from([0.0, 1.0, math.nan, math.inf]), st.floats())
    ),
    max_size=30,
)


@pytest.mark.promise(3)
@given(points=_POINTS, cut=st.integers(0, 30))
def test_folding_the_summaries_of_two_stretches_gives_that_of_the_whole(
    points: list[tuple[int, float]], cut: int
) -> None:
    def sum_up(part: list[tuple[int, float]]) -> Summary:
        steps, values = [step for step, _ in part], [value for _, value in part]
        return summarize(np.array(steps, dtype=np.int64), np.array(values, dtype=np.float64))

    assert repr(fold(sum_up(points[:cut]), sum_up(points[cut:]))) == repr(sum_up(points))


@given(points=_POINTS.filter(bool))
def test_a_summary_says_what_a_plain_loop_says(points: list[tuple[int, float]]) -> None:
    steps, values = [step for step, _ in points], [value for _, value in points]
    found = summarize(np.array(steps, dtype=np.int64), np.array(values, dtype=np.float64))
    ordered = sorted(enumerate(points), key=lambda pair: (pair[1][0], pair[0]))
    finite = [(value, at) for at, value in enumerate(values) if math.isfinite(value)]
    assert (found.first_step, repr(found.first_value)) == (ordered[0][1][0], repr(ordered[0][1][1]))
    assert (found.last_step, repr(found.last_value)) == (ordered[-1][1][0], repr(ordered[-1][1][1]))
    assert (found.n, found.n_finite) == (len(points), len(finite))
    assert found.n_le0 == sum(value <= 0 for value, _at in finite)
    if finite:
        low, at = min(finite)
        assert (found.min_value, found.min_value_step) == (low, steps[at])
        high, at = max(finite, key=lambda pair: (pair[0], -pair[1]))
        assert (found.max_value, found.max_value_step) == (high, steps[at])

"""The reading front door."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runicorn
from runicorn.errors import IndexUnavailableError
from runicorn.query.models import ExperimentQuery, SeriesRequest
from runicorn.store import Store


def test_what_a_run_recorded_is_read(root: Path) -> None:
    with runicorn.init(project="p", name="n", config={"lr": 0.1}, storage=root) as run:
        runicorn.set_primary_metric("loss", mode="min")
        for step in range(10):
            runicorn.log({"loss": 1 / (step + 1)}, step=step)
    with runicorn.open(root) as store:
        store.catch_up()
        (experiment,) = store.experiments().experiments
        series = store.series(SeriesRequest(runs=[run.id], metrics=["loss"]))
    assert (experiment.id, experiment.status) == (run.id, "finished")
    assert (experiment.best_metric_value, experiment.best_metric_step) == (0.1, 9)
    assert getattr(series.series[0], "n", None) == 10


def test_the_index_is_opened_when_it_is_first_asked(root: Path) -> None:
    with Store(root) as store:
        assert not root.exists()
        assert store.experiments().total == 0
    assert (root / "runicorn.db").exists()


def test_files_are_read_without_an_index(root: Path) -> None:
    root.write_text("in the way")
    with Store(root) as store:
        assert store.files is store.files
        with pytest.raises(IndexUnavailableError):
            store.projects()


def test_a_closed_store_opens_again(root: Path) -> None:
    store = Store(root)
    assert store.projects() == []
    store.close()
    store.close()
    assert store.projects() == []
    store.close()


def test_rebuilding_tells_its_progress(store: Store, new_run: Callable[..., Any]) -> None:
    for run_id in ("a", "b"):
        new_run(run_id).log({"loss": 1.0}, step=1)
    store.catch_up()
    before, told = store.revision(), []
    report = store.rebuild(lambda done, of: told.append((done, of)))
    assert (sorted(report.added), report.n_points) == (["a", "b"], 2)
    assert told[-1] == (2, 2)
    assert store.revision() > before


def test_the_revision_changes_when_another_store_changes_the_index(
    store: Store, root: Path, new_run: Callable[..., Any]
) -> None:
    run = new_run()
    store.catch_up()
    before = store.revision()
    run.log({"loss": 1.0}, step=1)
    with Store(root) as other:
        other.catch_up()
    assert store.revision() != before


def test_threads_share_a_store(store: Store, new_run: Callable[..., Any]) -> None:
    runs = [new_run(f"run-{number}") for number in range(4)]
    failures: list[BaseException] = []

    def work(run: Any) -> None:
        try:
            for step in range(25):
                run.log({"loss": float(step)}, step=step)
                store.catch_up([run.id])
                store.series(SeriesRequest(runs=[run.id], metrics=["loss"]))
                store.experiments(ExperimentQuery(order_by="loss"))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sum(store.experiment(run.id).metrics_summary.total_data_points for run in runs) == 100

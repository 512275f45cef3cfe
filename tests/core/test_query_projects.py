"""Projects and what their runs have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runicorn.files import write_json
from runicorn.store import Store


def test_projects_come_by_latest_activity(store: Store, new_run: Callable[..., Any]) -> None:
    new_run("a", project="old", status={"status": "finished", "ended_at": 1.0}, created_at=1.0)
    for run_id in ("b", "c"):
        new_run(run_id, project="new", created_at=5.0, status={"status": "failed"})
    gone = new_run("d", project="gone")
    write_json(gone.folder.deleted, {"deleted_at": 1.0})
    store.catch_up()
    assert [project.model_dump() for project in store.projects()] == [
        {"project": "new", "n_runs": 2, "n_running": 0, "last_activity_at": 5.0},
        {"project": "old", "n_runs": 1, "n_running": 0, "last_activity_at": 1.0},
    ]


def test_fields_come_by_how_many_runs_have_them(store: Store, new_run: Callable[..., Any]) -> None:
    for run_id, config in (("a", {"lr": 1}), ("b", {"lr": 2, "deep": {"er": "x"}})):
        run = new_run(run_id, config=config)
        run.log({"loss": 1.0}, step=1)
    run.log({"acc": 1.0}, step=1)
    new_run("c", project="other", config={"else": 1})
    store.catch_up()
    fields = store.fields("p")
    assert [(each.key, each.n_runs) for each in fields.metrics] == [("loss", 2), ("acc", 1)]
    assert [(each.key, each.n_runs) for each in fields.config] == [("lr", 2), ("deep.er", 1)]
    assert store.fields("nothing").metrics == []


def test_fields_are_those_of_some_runs_when_asked(
    store: Store, new_run: Callable[..., Any]
) -> None:
    for run_id in ("a", "b", "c"):
        new_run(run_id, config={run_id: 1}).log({run_id: 1.0, "loss": 1.0}, step=1)
    store.catch_up()
    fields = store.fields("p", ["a", "b", "nobody"])
    assert [(each.key, each.n_runs) for each in fields.metrics] == [("loss", 2), ("a", 1), ("b", 1)]
    assert [each.key for each in fields.config] == ["a", "b"]
    assert store.fields("p", []).metrics == []

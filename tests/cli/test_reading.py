from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest

from tests.cli.conftest import Command
from tests.core.conftest import NewRun

ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def curves(new_run: NewRun) -> None:
    run = new_run("a")
    for step in range(101):
        run.log({"loss": 1 / (step + 1)}, step=step, time=100.0 + step)
        if step % 50 == 0:
            run.log({"val/acc": "NaN" if step == 50 else step / 100}, step=step, time=100.5 + step)


def test_the_history_has_a_row_for_each_step_with_nan_and_gaps(
    runicorn: Command, curves: None
) -> None:
    rows = runicorn("history", "a").rows
    assert len(rows) == 101
    assert rows[50] == {
        "step": "50", "loss": repr(1 / 51), "val/acc": "NaN", "time": "150.5",
    }  # fmt: skip
    assert rows[51]["val/acc"] == ""


def test_a_history_is_narrowed_to_metrics_steps_and_rows(runicorn: Command, curves: None) -> None:
    told = runicorn("history", "--metric", "val/*", "--json").json
    assert told["columns"] == ["step", "val/acc", "time"]
    assert told["rows"] == [[0, 0.0, 100.5], [50, "NaN", 150.5], [100, 1.0, 200.5]]
    rows = runicorn("history", "--from", "10", "--to", "20").rows
    assert [row["step"] for row in rows] == [str(step) for step in range(10, 21)]
    spread = runicorn("history", "--rows", "3", "-m", "loss").rows
    assert [row["step"] for row in spread] == ["0", "50", "100"]
    assert [row["step"] for row in runicorn("history", "-r", "1").rows] == ["0"]


def test_a_history_in_csv(runicorn: Command, curves: None) -> None:
    rows = list(csv.DictReader(io.StringIO(runicorn("history", "--csv").out)))
    assert len(rows) == 101
    assert rows[50]["val/acc"] == "NaN"
    assert rows[51]["val/acc"] == ""


def test_a_history_of_nothing_is_told(runicorn: Command, new_run: NewRun, curves: None) -> None:
    answer = runicorn("history", "a", "-m", "nothing*")
    assert answer.code == 1
    assert "there are loss, val/acc" in answer.err
    new_run("b")
    answer = runicorn("history", "b")
    assert (answer.code, "no metric" in answer.err) == (1, True)


def test_a_terminal_gets_a_few_rows_and_the_metrics_that_fit(
    on_terminal: Callable[..., str], new_run: NewRun, curves: None
) -> None:
    plain = ANSI.sub("", on_terminal(80, "history", "a"))
    assert "20 of 101 steps; --rows 0 shows all" in plain
    assert plain.splitlines()[0].split() == ["step", "loss", "val/acc", "after"]
    wide = new_run("b")
    wide.log({f"metric/{number:02}": number / 7 for number in range(30)}, step=1)
    plain = ANSI.sub("", on_terminal(80, "history", "b"))
    assert "no room for" in plain
    assert plain.splitlines()[0].split()[:2] == ["step", "metric/00"]
    assert all(len(line) <= 80 for line in plain.splitlines())


def test_runs_are_compared_by_what_differs(runicorn: Command, new_run: NewRun) -> None:
    for run_id, rate in (("a_1", 0.1), ("a_2", 0.01)):
        run = new_run(
            run_id, config={"lr": rate, "model": {"depth": 50}}, summary={"test": rate * 2}
        )
        run.log({"loss": rate, "same": 1.0}, step=1)
        run.log({"loss": rate / 2}, step=2)
    new_run("a_3", config={"lr": 0.1, "model": {"depth": 50}, "extra": [1, 2]})
    answer = runicorn("compare", "a_1", "a_2")
    assert answer.out.splitlines() == [
        "# config", "name\ta_1\ta_2", "lr\t0.1\t0.01",
        "# metrics (last)", "name\ta_1\ta_2", "loss\t0.05\t0.005",
        "# summary", "name\ta_1\ta_2", "test\t0.2\t0.02",
    ]  # fmt: skip
    assert answer.err == "runicorn: 2 values the same in all of them; --all shows them\n"
    told = runicorn("compare", "a_1", "a_3", "--value", "max", "--json").json
    assert told == {
        "runs": ["a_1", "a_3"],
        "config": {"extra": [None, [1, 2]]},
        "metrics": {"loss": [0.1, None], "same": [1.0, None]},
        "summary": {"test": [0.2, None]},
    }
    everything = runicorn("compare", "a_1", "a_2", "--all", "--json").json
    assert everything["config"]["model.depth"] == [50, 50]
    assert runicorn("compare", "a_1", "a_2", "--value", "none").code == 2


def test_a_comparison_on_a_terminal_names_runs_by_the_end_of_their_ids(
    on_terminal: Callable[..., str], new_run: NewRun
) -> None:
    for end, rate in (("aaaaaa", 0.1), ("bbbbbb", 0.01), ("cccccc", 0.001)):
        new_run(f"20260101_000000_{end}", "vision", "net", config={"lr": rate})
    ids = [f"20260101_000000_{end}" for end in ("aaaaaa", "bbbbbb", "cccccc")]
    plain = ANSI.sub("", on_terminal(80, "compare", *ids))
    assert "name  aaaaaa  bbbbbb  cccccc" in plain
    assert f"{ids[1]}  bbbbbb  vision/net" in plain

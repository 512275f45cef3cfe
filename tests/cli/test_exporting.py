from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import WORDS, Command, child
from tests.core.conftest import NewRun, RunOnDisk

BIG = 2**60 + 1


@pytest.fixture
def logged(new_run: NewRun) -> RunOnDisk:
    """A run with all that makes a table hard: NaN, gaps, a step twice, a resumed attempt."""
    run = new_run("a")
    run.log({"loss": 0.1, "val/acc": "NaN"}, step=1, time=10.0, stage="train")
    run.log({"loss": "Infinity"}, step=2, time=11.0)
    run.log({"loss": 0.1 + 0.2, "n": BIG}, step=2, time=12.0)
    run.event("system", {"cpu": 1.0})
    run.raw(b"garbage\n")
    run.log({"loss": 9.0}, step=3, time=13.0)
    run.event("attempt", {"attempt": 2, "resumed_at_step": 3})
    run.log({"loss": 3.0}, step=3, time=14.0)
    return run


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_row_for_each_call_of_log_and_loses_nothing(
    runicorn: Command, logged: RunOnDisk
) -> None:
    rows = rows_of(runicorn("export", "a").out)
    assert rows[0] == {
        "run_id": "a", "step": "1", "time": "10.0", "stage": "train", "attempt": "1",
        "loss": "0.1", "n": "", "val/acc": "NaN",
    }  # fmt: skip
    assert [row["loss"] for row in rows] == ["0.1", "inf", repr(0.1 + 0.2), "3.0"]
    assert [row["step"] for row in rows] == ["1", "2", "2", "3"]
    assert rows[2]["n"] == str(BIG)
    assert rows[3]["attempt"] == "2"
    everything = rows_of(runicorn("export", "a", "--all-attempts").out)
    assert [row["loss"] for row in everything[-2:]] == ["9.0", "3.0"]


def test_other_programs_read_the_csv_as_it_was_meant(runicorn: Command, logged: RunOnDisk) -> None:
    text = runicorn("export", "a").out
    frame = pd.read_csv(io.StringIO(text))
    assert frame["loss"].tolist() == [0.1, math.inf, 0.1 + 0.2, 3.0]
    assert frame["val/acc"].isna().all()
    polar = pl.read_csv(text.encode())
    assert polar["loss"].to_list() == [0.1, math.inf, 0.1 + 0.2, 3.0]
    assert polar["val/acc"].is_null().to_list() == [False, True, True, True]


def test_json_lines_are_the_calls(runicorn: Command, logged: RunOnDisk) -> None:
    lines = [json.loads(line) for line in runicorn("export", "a", "-f", "jsonl").out.splitlines()]
    assert lines[0] == {
        "run_id": "a", "step": 1, "time": 10.0, "stage": "train", "attempt": 1,
        "metrics": {"loss": 0.1, "val/acc": "NaN"},
    }  # fmt: skip
    assert lines[1]["metrics"] == {"loss": "Infinity"}
    assert lines[2]["metrics"]["n"] == BIG
    long = [
        json.loads(line)
        for line in runicorn("export", "a", "-f", "jsonl", "--long").out.splitlines()
    ]
    assert [(each["metric"], each["step"], each["value"]) for each in long] == [
        ("loss", 1, 0.1), ("val/acc", 1, "NaN"), ("loss", 2, "Infinity"), ("loss", 2, 0.1 + 0.2),
        ("n", 2, BIG), ("loss", 3, 3.0),
    ]  # fmt: skip


def test_parquet_tells_nan_from_nothing(
    runicorn: Command, logged: RunOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runicorn.exporters.as_parquet.GROUP_ROWS", 3)
    file = tmp_path / "runs.parquet"
    answer = runicorn("export", "a", "-o", file)
    assert answer.out.startswith(f"1 run written to {file} (")
    read = pq.read_table(file)
    assert pq.ParquetFile(file).num_row_groups == 2
    assert [str(field.type) for field in read.schema][:6] == [
        "string", "int64", "double", "string", "int32", "double",
    ]  # fmt: skip
    assert read["loss"].to_pylist() == [0.1, math.inf, 0.1 + 0.2, 3.0]
    accuracy = read["val/acc"].to_pylist()
    assert math.isnan(accuracy[0])
    assert accuracy[1:] == [None, None, None]
    assert read["n"].to_pylist()[2] == float(BIG)
    runicorn("export", "a", "--long", "-f", "parquet", "-o", tmp_path / "long")
    assert pq.read_table(tmp_path / "long")["metric"].to_pylist()[:2] == ["loss", "val/acc"]


def test_parquet_goes_through_a_pipe(root: Path, logged: RunOnDisk) -> None:
    environment = {**os.environ, "RUNICORN_DIR": str(root)}
    words = [*WORDS, "export", "a", "--format", "parquet"]
    said = subprocess.run(words, env=environment, capture_output=True, check=True)
    assert pq.read_table(io.BytesIO(said.stdout)).num_rows == 4


def test_parquet_without_its_library_says_how_to_get_it(
    runicorn: Command, logged: RunOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    answer = runicorn("export", "a", "-o", tmp_path / "x.parquet")
    assert answer.code == 1
    assert "pip install 'runicorn[parquet]'" in answer.err
    assert list(tmp_path.glob("*x.parquet*")) == []


def test_metrics_are_chosen_by_globs_and_metrics_win_over_our_own_names(
    runicorn: Command, new_run: NewRun
) -> None:
    run = new_run("a")
    run.log({"val/acc": 1.0, "train/acc": 2.0, "attempt": 7.0}, step=1)
    run.log({"train/acc": 3.0}, step=2)
    rows = rows_of(runicorn("export", "a", "-m", "val/*", "-m", "attempt").out)
    assert [(row["_attempt"], row["attempt"], row["val/acc"]) for row in rows] == [
        ("1", "7.0", "1.0")
    ]


def test_many_runs_are_chosen_by_name_or_by_options(runicorn: Command, new_run: NewRun) -> None:
    for number, project in enumerate(("p", "q", "p")):
        new_run(f"r{number}", project, created_at=float(number)).log({f"m{number}": 1.0}, step=1)
    for words, ids in (
        (["--all"], ["r0", "r1", "r2"]),
        (["--project", "p"], ["r0", "r2"]),
        (["--filter", "m2 > 0"], ["r2"]),
        (["r2", "r0"], ["r2", "r0"]),
    ):
        rows = rows_of(runicorn("export", *words).out)
        assert [row["run_id"] for row in rows] == ids
    assert rows_of(runicorn("export", "--all").out)[0].keys() >= {"m0", "m1", "m2"}
    for words in ([], ["r0", "--all"], ["r0", "--project", "p"]):
        assert runicorn("export", *words).code == 2
    assert runicorn("export", "--project", "none").code == 1


def test_a_file_is_whole_or_not_there_and_not_replaced_unasked(
    runicorn: Command, logged: RunOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("mine", encoding="utf-8")
    answer = runicorn("export", "a", "-o", file)
    assert (answer.code, "--force" in answer.err) == (1, True)
    with monkeypatch.context() as patch:
        patch.setattr("runicorn.exporters.as_csv.wide_rows", broken)
        assert runicorn("export", "a", "-o", file, "--force").code == 1
    assert file.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir() if "runs.csv" in path.name] == ["runs.csv"]
    told = runicorn("export", "a", "-o", file, "--force", "--json").json
    assert told == {
        "file": str(file), "format": "csv", "runs": ["a"], "n_bytes": file.stat().st_size,
    }  # fmt: skip
    assert runicorn("export", "a", "-o", tmp_path / "none" / "x.csv").code == 1


def broken(*_words: Any) -> Any:
    yield ["half"]
    raise OSError(28, "No space left on device")


def test_a_wrong_format_is_told_with_those_that_there_are(
    runicorn: Command, logged: RunOnDisk, tmp_path: Path
) -> None:
    for words in (["-f", "xls"], ["-o", tmp_path / "x.xls"]):
        answer = runicorn("export", "a", *words)
        assert answer.code == 2
        assert "csv, jsonl, parquet, zip, tar.gz" in answer.err
    assert runicorn("export", "a", "--json").code == 2


def test_a_terminal_gets_no_bytes_that_are_no_text(
    on_terminal: Callable[..., str], logged: RunOnDisk
) -> None:
    assert "is nothing to look at" in on_terminal(80, "export", "a", "-f", "zip")
    assert "run_id,step,time" in on_terminal(80, "export", "a")


def test_a_run_that_logged_nothing_is_an_empty_table(
    runicorn: Command, new_run: NewRun, tmp_path: Path
) -> None:
    (new_run("a").folder.journal).unlink()
    assert runicorn("export", "a").out == "run_id,step,time,stage,attempt\n"
    assert runicorn("export", "a", "-f", "jsonl").out == ""
    runicorn("export", "a", "-o", tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 0


@pytest.mark.parametrize("ending", ["zip", "tar.gz", "tgz"])
def test_an_archive_holds_the_whole_run(
    runicorn: Command, logged: RunOnDisk, tmp_path: Path, root: Path, ending: str
) -> None:
    file = tmp_path / f"runs.{ending}"
    assert runicorn("export", "a", "-o", file).code == 0
    if ending == "zip":
        assert "p/n/runs/a/events.jsonl" in zipfile.ZipFile(file).namelist()
    other = tmp_path / "other"
    assert runicorn("import", file, "--root", other).out == "a is in p/n\n"
    copy = other / "p" / "n" / "runs" / "a" / "events.jsonl"
    assert copy.read_bytes() == logged.folder.journal.read_bytes()


def test_a_reader_that_goes_away_ends_the_export(root: Path, new_run: NewRun) -> None:
    run = new_run("a")
    for step in range(20_000):
        run.log({"loss": 1.0}, step=step)
    with child(root, "export", "a") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == ""

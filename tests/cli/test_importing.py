from __future__ import annotations

import math
import os
import subprocess
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.store import Store
from tests.cli.conftest import WORDS, Command
from tests.core.conftest import NewRun

Table = list[tuple[float | int | None, ...]]


def points(root: Path, run_id: str, *keys: str) -> Table:
    with Store(root) as store:
        return [tuple(row) for row in store.run(run_id).history(*keys)]


@pytest.mark.parametrize("shape", [[], ["--long"]])
def test_what_was_exported_comes_back_the_same(
    runicorn: Command, new_run: NewRun, root: Path, tmp_path: Path, shape: list[str]
) -> None:
    for run_id in ("a", "b"):
        run = new_run(run_id)
        run.log({"loss": 0.1 + 0.2, "n": 2**53 - 1}, step=1, time=10.5, stage="train")
        run.log({"loss": "-Infinity"}, step=2, time=11.5)
        run.log({"loss": 4.0}, step=2, time=12.5)
    file = tmp_path / "runs.csv"
    runicorn("export", "--all", "-o", file, *shape)
    other = tmp_path / "other"
    answer = runicorn("import", file, "--root", other, "--project", "q", "--name", "x/y")
    assert answer.out.splitlines() == ["a is in q/x/y", "b is in q/x/y"]
    assert answer.err == ""
    assert points(other, "b", "loss") == points(root, "b", "loss")
    assert points(other, "a", "n") == [(1, 2**53 - 1)]
    back = runicorn("export", "--all", "--root", other, *shape).out
    assert sorted(back.splitlines()) == sorted(file.read_text(encoding="utf-8").splitlines())
    shown = runicorn("show", "a", "--root", other, "--json").json["experiment"]
    assert (shown["status"], shown["created_at"], shown["ended_at"]) == ("finished", 10.5, 12.5)


@pytest.mark.parametrize(
    ("text", "keys", "table"),
    [
        ("step,loss\n1,0.5\n2,NaN\n", ["loss"], [(1, 0.5), (2, math.nan)]),
        ("epoch;_step;acc\n0;10;1\n1;20;\n", ["acc", "epoch"], [(10, 1, 0), (20, None, 1)]),
        ("\ufeffGlobal_Step\tm\n1.0\t2e3\n", ["m"], [(1, 2000.0)]),
        ("epoch,train loss\n3, 0.25 \n\n", ["train loss"], [(3, 0.25)]),
        ('step,"a,b"\n-1,"7"\n', ["a,b"], [(-1, 7)]),
        ("step,x\n1,-inf\n1,2\n", ["x"], [(1, -math.inf), (1, 2)]),
    ],
)
def test_tables_of_others_become_a_run(
    runicorn: Command, root: Path, tmp_path: Path, text: str, keys: list[str], table: Table
) -> None:
    file = tmp_path / "my run.csv"
    file.write_text(text, encoding="utf-8")
    told = runicorn("import", file, "--json").json
    (added,) = told["added"]
    assert Path(added["run_dir"]).parts[-4:-1] == ("default", "my run", "runs")
    assert told["remarks"] == []
    assert repr(points(root, added["id"], *keys)) == repr(
        [tuple(None if c is None else float(c) if n else c for n, c in enumerate(r)) for r in table]
    )


def test_a_step_column_of_another_name_is_said(runicorn: Command, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("batch,loss\n5,1\n", encoding="utf-8")
    answer = runicorn("import", file)
    assert answer.code == 1
    assert "no column step" in answer.err
    assert "'batch', 'loss'" in answer.err
    assert runicorn("import", file, "--step-column", "batch").code == 0
    assert runicorn("history").rows[0]["step"] == "5"
    assert runicorn("import", file, "--step-column", "none").code == 1


def test_what_is_no_number_is_left_out_and_told(runicorn: Command, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("step,loss,host,a//b\n1,0.5,gpu-1,3\n2,0.25,gpu-1,4\n", encoding="utf-8")
    answer = runicorn("import", file)
    assert answer.code == 0
    assert "column 'host': 2 cells" in answer.err
    assert "'a//b'" in answer.err
    assert [row["loss"] for row in runicorn("history").rows] == ["0.5", "0.25"]


@pytest.mark.promise(11)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column"),
        (b"step,loss\n", "no numbers"),
        (b"step,loss\nx,1\n", "line 2: 'x' is no step"),
        (b"step,loss\n1.5,1\n", "no step"),
        (b"step,loss\nnan,1\n", "no step"),
        (b"step,loss\n99999999999999999999,1\n", "no step"),
        (b"step,loss\n1,1\n,2\n", "line 3"),
        (b"step,loss\n1,\xff\n", "no UTF-8"),
        (b"step,loss\n1," + b"9" * 2_000_000 + b"\n", "no CSV"),
        (b"run_id,step,loss\n../../evil,1,1\n", "run id"),
        (b"run_id,step,loss\na,1,1\n/etc,1,1\n", "line 3"),
        (b'step,loss\n1,"2\n', "no CSV"),
    ],
)
def test_a_table_that_can_not_be_understood_leaves_nothing(
    runicorn: Command, root: Path, tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    answer = runicorn("import", file)
    assert answer.code in {1, 2}
    assert reason in answer.err
    assert not root.exists() or list(root.iterdir()) == []


def test_runs_that_exist_are_left_untouched(
    runicorn: Command, new_run: NewRun, tmp_path: Path, root: Path
) -> None:
    before = new_run("a").folder.meta.read_bytes()
    file = tmp_path / "x.csv"
    file.write_text("run_id,step,loss\na,1,1\nb,1,2\n", encoding="utf-8")
    answer = runicorn("import", file)
    assert answer.code == 0
    assert answer.out == "b is in default/x\n"
    assert answer.err == "runicorn: a was left out: a run with this id exists\n"
    assert (root / "p" / "n" / "runs" / "a" / "meta.json").read_bytes() == before
    assert runicorn("import", file, "--json").json["added"] == []


@pytest.mark.promise(11)
def test_an_archive_that_is_not_to_be_trusted_is_refused(
    runicorn: Command, tmp_path: Path, root: Path
) -> None:
    import zipfile

    file = tmp_path / "x.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("p/n/runs/a/meta.json", "{}")
        archive.writestr("../../evil", "x")
    answer = runicorn("import", file)
    assert answer.code == 1
    assert "nothing was imported" in answer.err
    assert list(root.iterdir()) == []
    file.write_bytes(b"PK\x03\x04 garbage")
    assert runicorn("import", file).code == 1
    assert runicorn("import", tmp_path / "none.zip").code == 1
    assert runicorn("import", tmp_path / "x.unknown").code == 2


def test_an_import_reads_stdin(root: Path, new_run: NewRun, tmp_path: Path) -> None:
    with rn.init("p", "n", storage=root) as run:
        run.log({"x": 1.0})
    environment = {**os.environ, "RUNICORN_DIR": str(root)}
    packed = subprocess.run(
        [*WORDS, "export", run.id, "-f", "zip"], env=environment, capture_output=True, check=True
    )
    said = subprocess.run(
        [*WORDS, "import", "-", "-f", "archive", "--root", str(tmp_path / "other")],
        input=packed.stdout,
        env=environment,
        capture_output=True,
        check=True,
    )
    assert said.stdout.decode() == f"{run.id} is in p/n\n"
    assert points(tmp_path / "other", run.id, "x") == [(1, 1.0)]

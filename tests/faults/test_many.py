"""Many processes, many threads, odd clocks, odd keys, odd files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import runicorn as rn
from runicorn import clock
from runicorn.errors import InvalidValueError

# Forks all at once from one process that has imported everything, so that they really collide.
CROWD = """
import os, sys
import runicorn as rn
import runicorn.store
children = []
read, write = os.pipe()
for number in range(64):
    pid = os.fork()
    if pid == 0:
        os.close(write)
        os.read(read, 1)
        run = rn.init("p", f"n{number % 4}", storage=sys.argv[1])
        for step in range(1, 21):
            rn.log({"a": step, "who": number})
        rn.finish()
        os._exit(0)
    children.append(pid)
os.close(read)
os.close(write)
codes = {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children}
sys.exit(0 if codes == {0} else f"children ended with {codes}")
"""


@pytest.mark.promise(1)
def test_64_processes_starting_at_once_on_an_empty_root_lose_nothing(root: Path) -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", CROWD, str(root)]
    child = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert child.returncode == 0, child.stderr[-2000:]
    runs = rn.runs(root=root)
    assert len(runs) == 64
    assert {run.status for run in runs} == {"finished"}
    with rn.open(root) as store:
        details = [store.experiment(run.id).metrics_summary.total_data_points for run in runs]
    assert details == [40] * 64


@pytest.mark.promise(1)
def test_threads_may_log_into_two_runs_at_once(root: Path) -> None:
    runs = [rn.init(storage=root, reinit="create_new") for _ in range(2)]

    def work(run: rn.Run, key: str) -> None:
        for value in range(300):
            run.log({key: value})

    threads = [threading.Thread(target=work, args=(run, key)) for run in runs for key in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for run in runs:
        run.finish()
        for key in "abc":
            history = rn.run_by_id(run.id, root=root).history(key)
            assert history.values.tolist() == list(range(300))


def test_a_clock_that_is_set_back_harms_no_order(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rn.init(storage=root)
    rn.log(a=1)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now - 86_400)
    rn.log(a=2)
    run.finish()
    monkeypatch.undo()
    found = rn.run_by_id(run.id, root=root)
    assert (found.status, found.history("a").values.tolist()) == ("finished", [1, 2])


@pytest.mark.parametrize(
    "key", ["a/b/c", "a.b", "学习率", "🦄", "a b", "x" * 256, "é", "nan", "select * from points"]
)
def test_odd_keys_come_back_as_they_are(root: Path, key: str) -> None:
    with rn.init(storage=root) as run:
        rn.log({key: 0.5})
    found = rn.run_by_id(run.id, root=root)
    assert found.metrics == [key]
    assert found.history(key).values.tolist() == [0.5]


def test_ten_thousand_keys_in_one_call(root: Path) -> None:
    with rn.init(storage=root) as run:
        rn.log({f"layer{n}/norm": n / 7 for n in range(10_000)})
    found = rn.run_by_id(run.id, root=root)
    assert len(found.metrics) == 10_000
    assert found.history("layer9999/norm").values.tolist() == [9999 / 7]


def test_the_last_step_of_64_bits_has_no_next(root: Path) -> None:
    run = rn.init(storage=root)
    rn.log({"a": 1}, step=2**63 - 1)
    with pytest.raises(InvalidValueError, match="64 bits"):
        rn.log({"a": 2})
    rn.log({"a": 3}, step=1)
    run.finish()
    assert len(rn.run_by_id(run.id, root=root).history("a")) == 2


@pytest.mark.promise(4)
def test_a_line_of_a_gigabyte_is_passed_over(root: Path) -> None:
    run = rn.init(storage=root)
    rn.log(a=1)
    run.finish()
    journal = run.run_dir / "events.jsonl"
    with journal.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.truncate(size + (1 << 30))  # a hole: zeros that take no room on the disk
        file.seek(0, os.SEEK_END)
        file.write(b'\n{"ts":1.0,"type":"metrics","data":{"a":2,"global_step":2}}\n')
    found = rn.run_by_id(run.id, root=root)
    assert found.history("a").values.tolist() == [1, 2]
    assert [problem.offset for problem in found.problems] == [size]


@pytest.mark.promise(4)
@pytest.mark.parametrize("name", ["meta.json", "status.json", "config.json", "summary.json"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1]", b'{"a":', b"null", b"{" * 5000])
def test_garbage_in_a_document_harms_only_this_run(root: Path, name: str, content: bytes) -> None:
    with rn.init("p", "n", storage=root, run_id="bad"):
        rn.log(a=1)
    with rn.init("p", "n", storage=root, run_id="good"):
        rn.log(a=2)
    (root / "p" / "n" / "runs" / "bad" / name).write_bytes(content)
    found = {run.id: run for run in rn.runs(root=root)}
    assert found["good"].problems == []
    assert name in {problem.file for problem in found["bad"].problems}
    assert found["bad"].history("a").values.tolist() == [1]


def test_bytes_that_are_no_text_in_arguments_and_folder_harm_nothing(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(folder)  # noqa: PTH102 - a Path would take it as well, but this is plainer
    code = "import runicorn as rn\nrn.init(storage='root', run_id='x'); rn.log(a=1); rn.finish()"
    command = [sys.executable.encode(), b"-c", code.encode(), b"\xff"]
    subprocess.run(command, cwd=folder, check=True, timeout=60, capture_output=True)
    run = folder + b"/root/default/default/runs/x/"
    with open(run + b"meta.json", encoding="utf-8") as file:  # noqa: PTH123
        meta = json.load(file)
    assert meta["argv"] == ["-c", "\\udcff"]
    with open(run + b"status.json", encoding="utf-8") as file:  # noqa: PTH123
        assert json.load(file)["status"] == "finished"

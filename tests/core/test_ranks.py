"""Which process of a job records: judged by the variables that launchers really set, and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import runicorn as rn
from runicorn.ranks import find_job, find_place, n_restarts

TORCHRUN = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "abc"}


@pytest.mark.parametrize(
    ("environment", "rank", "said_by"),
    [
        ({}, 0, ""),
        (TORCHRUN, 1, "RANK"),
        ({**TORCHRUN, "RANK": "0", "LOCAL_RANK": "0"}, 0, "RANK"),
        ({"LOCAL_RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "a"}, 1, "LOCAL_RANK"),
        ({"LOCAL_RANK": "0", "NODE_RANK": "0"}, 0, "LOCAL_RANK"),
        ({"LOCAL_RANK": "0", "NODE_RANK": "1", "LOCAL_WORLD_SIZE": "8"}, 8, "LOCAL_RANK"),
        ({"LOCAL_RANK": "0", "GROUP_RANK": "1"}, 1000, "LOCAL_RANK"),
        ({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"}, 3, "OMPI_COMM_WORLD_RANK"),
        ({"PMI_RANK": "2"}, 2, "PMI_RANK"),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "4"}, 0, ""),
        ({"SLURM_PROCID": "1", "MASTER_ADDR": "a"}, 1, "SLURM_PROCID"),
        ({"RANK": "-1"}, 0, ""),
        ({"RANK": "one"}, 0, ""),
    ],
)
def test_the_rank_is_what_the_launcher_says(
    environment: dict[str, str], rank: int, said_by: str
) -> None:
    place = find_place(environment)
    assert (place.rank, place.said_by) == (rank, said_by)


def test_all_processes_of_a_job_name_it_alike_and_others_do_not() -> None:
    first, second = dict(TORCHRUN), {**TORCHRUN, "RANK": "0", "LOCAL_RANK": "0"}
    assert find_job(first) == find_job(second)
    assert find_job({**first, "TORCHELASTIC_RUN_ID": "other"}) != find_job(first)
    assert find_job({"SLURM_JOB_ID": "7"}) is None
    assert find_job({"MASTER_ADDR": "a", "MASTER_PORT": "1"}) is not None
    assert find_job({}) is None
    assert n_restarts({"TORCHELASTIC_RESTART_COUNT": "2"}) == 2


@pytest.fixture
def torchrun(root: Path, tmp_path: Path) -> Any:
    """Run a script on two processes that gloo joins; return its output."""
    pytest.importorskip("torch")

    def run(script: str, *options: str, **environment: str) -> str:
        path = tmp_path / "job.py"
        path.write_text(script, encoding="utf-8")
        launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
        child = subprocess.run(
            [*launcher, *options, str(path), str(root)],
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        )
        assert child.returncode == 0, child.stderr
        return child.stderr

    return run


JOB = """
import os, sys
import runicorn as rn
{before}
run = rn.init("p", "n", storage=sys.argv[1])
rank = int(os.environ["RANK"])
for step in range(1, 6):
    rn.log({{"loss": step + 10 * rank}}, step=step)
rn.log_text(f"rank {{rank}}")
import torch.distributed as dist
dist.init_process_group("gloo")
dist.barrier()
{after}
rn.finish()
dist.destroy_process_group()
"""


def test_torchrun_makes_one_run_that_rank_0_records(torchrun: Any, root: Path) -> None:
    said = torchrun(JOB.format(before="", after=""), "--standalone")
    (run,) = rn.runs(root=root)
    assert (run.status, run.metrics) == ("finished", ["loss"])
    assert run.history("loss").values.tolist() == [1, 2, 3, 4, 5]
    assert said.count("this is rank 1 (by RANK), which records nothing") == 1


def test_every_rank_records_its_own_journal_into_one_run(torchrun: Any, root: Path) -> None:
    torchrun(JOB.format(before="", after=""), RUNICORN_RANKS="all")
    (run,) = rn.runs(root=root)
    files = sorted(path.name for path in run.run_dir.glob("events*.jsonl"))
    assert files == ["events-1.jsonl", "events.jsonl"]
    lines = (run.run_dir / "events-1.jsonl").read_text(encoding="utf-8").splitlines()
    logged = [line["data"]["loss"] for line in map(json.loads, lines) if line["type"] == "metrics"]
    assert logged == [11, 12, 13, 14, 15]
    assert "rank 1" in (run.run_dir / "logs-1.txt").read_text(encoding="utf-8")
    assert json.loads((run.run_dir / "meta.json").read_text())["world_size"] == 2


FAILING = """
import os, sys, threading
from pathlib import Path
import runicorn as rn
run = rn.init("p", "n", storage=sys.argv[1])
rank, restart = os.environ["RANK"], os.environ["TORCHELASTIC_RESTART_COUNT"]
has_logged = Path(sys.argv[1] + ".logged")
rn.log(restart=int(restart))
if restart == "0":
    tick = threading.Event()
    if rank == "0":
        has_logged.touch()
        tick.wait(100)  # until the launcher ends it, because the other one failed
    while not has_logged.exists():
        tick.wait(0.05)
    os._exit(3)
"""


def test_a_job_that_is_started_again_goes_on_with_its_run(torchrun: Any, root: Path) -> None:
    said = torchrun(FAILING, "--standalone", "--max-restarts", "1")
    (run,) = rn.runs(root=root)
    assert (run.status, run.attempt) == ("finished", 2)
    assert run.history("restart").values.tolist() == [0, 1]
    assert len([event for event in run.events() if event.type == "attempt"]) == 1
    assert f"run {run.id} interrupted" in said


def test_a_rank_that_hears_nothing_of_rank_0_trains_on_and_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("runicorn.jobs.WAIT_S", 0.2)
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    with rn.init(storage=root, ranks="all") as run:
        rn.log(a=1)
        rn.log(a=2)
    assert run.rank == 1
    assert caplog.text.count("heard nothing of the run of rank 0") == 1
    assert not list(root.glob("**/events*.jsonl"))


def test_who_knows_the_rank_better_than_the_environment_says_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    with rn.init(storage=root, rank=0) as run:
        rn.log(a=1)
    assert (run.run_dir / "events.jsonl").exists()

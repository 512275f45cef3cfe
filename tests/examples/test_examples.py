from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import runicorn as rn
from runicorn.query.models import ExperimentQuery

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))

# Importing PyTorch alone takes most of a minute of a machine that does much else [s].
LIMIT_S = 280

# As it is, and on a machine that has no PyTorch.
WITH_TORCH = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
WITHOUT_TORCH = f"""
import importlib.util as util
find = util.find_spec
util.find_spec = lambda name, *more: None if name == "torch" else find(name, *more)
{WITH_TORCH}
"""


@pytest.mark.timeout(LIMIT_S + 20)
@pytest.mark.parametrize("script", [WITH_TORCH, WITHOUT_TORCH], ids=["torch", "no-torch"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_alone_checks_itself_and_leaves_finished_runs(
    example: Path, script: str, root: Path
) -> None:
    child = subprocess.run(
        [sys.executable, "-c", script, str(example)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "RUNICORN_DIR": str(root)},
        timeout=LIMIT_S,
    )
    assert child.returncode == 0, child.stderr
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 60
    with rn.open(root) as store:
        store.catch_up()
        runs = store.experiments(ExperimentQuery()).experiments
    assert runs
    assert {run.status for run in runs} == {"finished"}

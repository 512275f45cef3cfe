"""The built wheels in an empty environment: record, index, serve, show; and folders of 0.4.1."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)

RECORD = """
import math, sys
import runicorn as rn
with rn.init("wheel", "deep/name", config={"lr": 0.1}, storage=sys.argv[1]) as run:
    rn.set_primary_metric("acc")
    for step in range(1, 301):
        rn.log({"acc": step / 300, "loss": math.nan if step == 200 else 1 / step}, step=step)
        rn.log_text(f"step {step}")
print(run.id)
"""
RECORD_0_4 = """
import sys
import runicorn as rn
run = rn.init(project="old", name="release", storage=sys.argv[1], capture_env=False)
rn.set_primary_metric("acc", mode="max")
for step in range(1, 301):
    rn.log({"acc": step / 300, "loss": 1 / step}, step=step, stage="train")
rn.log_text("from the old release")
rn.summary({"score": 3})
rn.finish()
print(run.id)
"""


@contextmanager
def served(environment: Any, root: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = environment.start("runicorn-server", "--root", str(root), "--port", str(port))
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api/health", server)
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=20)


def wait_for(url: str, server: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise AssertionError(server.communicate()[0])
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            server.poll()
    raise AssertionError(f"{url} did not answer")


def get(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def files_of(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith("runicorn.db")
    }


def test_wheels_are_typed_and_the_servers_carries_the_page(wheels: list[str]) -> None:
    for wheel in wheels:
        names = zipfile.ZipFile(wheel).namelist()
        assert any(name.endswith("/py.typed") for name in names), wheel
        assert not any("node_modules" in name or "tests/" in name for name in names), wheel
    server = next(wheel for wheel in wheels if "runicorn_server" in wheel)
    assert "runicorn_server/static/index.html" in zipfile.ZipFile(server).namelist()


def test_integrations_import(installed: Any) -> None:
    for name in ("lightning", "transformers", "keras"):
        assert installed.run("python", "-c", f"import runicorn_{name} as m; print(m.__version__)")


def test_a_run_is_recorded_served_and_shown(installed: Any, tmp_path: Path) -> None:
    run_id = installed.run("python", "-c", RECORD, str(tmp_path)).strip()
    with served(installed, tmp_path) as address:
        with urllib.request.urlopen(f"{address}/", timeout=20) as page:
            html = page.read().decode()
        assert "<script" in html
        assert "wheel" in html  # the first answer is embedded
        assert [run["id"] for run in get(f"{address}/api/runs")] == [run_id]
        found = get(f"{address}/api/v2/experiments?project=wheel")
        assert found["total"] == 1
        assert found["experiments"][0]["best_metric_value"] == 1.0
        body = {"runs": [run_id], "metrics": ["acc", "loss"], "px": 100}
        acc, loss = get(f"{address}/api/v2/series", body)["series"]
        assert (acc["n"], acc["last"][-1]) == (300, 1.0)
        assert sum(count for _, _, count in loss["nonfinite"]) == 1


def test_the_command_lists_exports_and_imports_what_was_recorded(
    installed: Any, tmp_path: Path
) -> None:
    run_id = installed.run("python", "-c", RECORD, str(tmp_path / "a")).strip()
    assert installed.run("runicorn", "version").startswith("runicorn 0.8.0")
    assert " export " in installed.run("runicorn", "--help")
    assert installed.run("runicorn", "ls", "-q", RUNICORN_DIR=str(tmp_path / "a")).strip() == run_id
    file = str(tmp_path / "run.zip")
    installed.run("runicorn", "export", run_id, "-o", file, "--root", str(tmp_path / "a"))
    said = installed.run("runicorn", "import", file, "--root", str(tmp_path / "b"))
    assert said == f"{run_id} is in wheel/deep/name\n"


@pytest.mark.promise(10)
def test_a_folder_of_the_public_0_4_lists_and_plots_and_is_not_rewritten(
    installed: Any, release_0_4: Any, tmp_path: Path
) -> None:
    run_id = release_0_4.run("python", "-c", RECORD_0_4, str(tmp_path)).splitlines()[-1]
    before = files_of(tmp_path)
    with served(installed, tmp_path) as address:
        (listed,) = get(f"{address}/api/runs")
        assert (listed["id"], listed["project"], listed["name"]) == (run_id, "old", "release")
        assert listed["status"] == "finished"
        rows = get(f"{address}/api/runs/{run_id}/metrics_step")["rows"]
        assert [row["acc"] for row in rows] == [step / 300 for step in range(1, 301)]
        (found,) = get(f"{address}/api/v2/experiments")["experiments"]
        assert (found["id"], found["status"]) == (run_id, "finished")
        body = {"runs": [run_id], "metrics": ["acc"], "px": 2048}
        (acc,) = get(f"{address}/api/v2/series", body)["series"]
        assert acc["y"] == [step / 300 for step in range(1, 301)]
    assert files_of(tmp_path) == before

"""The commands that start something: the demo and the viewer."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Command, child


def test_the_demo_trains_records_and_says_what_to_do_next(runicorn: Command, root: Path) -> None:
    answer = runicorn("demo", "--epochs", "3")
    assert answer.code == 0
    assert "runicorn ls" in answer.out
    assert "runicorn viewer" in answer.out
    runs = runicorn("ls", "--json", "-c", "val/accuracy", "-c", "cfg.lr").json["runs"]
    assert [run["config"]["lr"] for run in runs] == [0.01, 0.1, 0.5]
    assert all(run["status"] == "finished" for run in runs)
    assert max(run["summary"]["val/accuracy"] for run in runs) > 0.8
    assert "epoch 3/3" in runicorn("logs", "--tail", "1").out
    assert runicorn("history", "-m", "val/*").out.count("\n") == 4
    told = runicorn("demo", "--epochs", "1", "--root", root / "other", "--json").json
    assert len(told["runs"]) == 3


def test_without_their_libraries_demo_and_viewer_say_how_to_get_them(
    runicorn: Command, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "runicorn_server", None)
    answer = runicorn("demo")
    assert (answer.code, "pip install scikit-learn" in answer.err) == (1, True)
    answer = runicorn("viewer")
    assert (answer.code, "pip install 'runicorn[server]'" in answer.err) == (1, True)
    assert not root.exists()


def test_the_viewer_serves_the_root_until_ctrl_c(root: Path) -> None:
    with child(root, "viewer", "--port", "0") as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        assert str(root) in line
        address = line.split(" on ")[1].split()[0]
        assert httpx.get(f"{address}/api/health", timeout=20).status_code == 200
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0


def test_a_viewer_that_can_not_start_ends_with_2(root: Path) -> None:
    with child(root, "viewer", "--port", "-1") as server:
        assert server.wait(60) == 2
        assert server.stderr is not None
        assert "port" in server.stderr.read()


def test_an_interrupted_demo_keeps_its_run(root: Path) -> None:
    with child(root, "demo", "--epochs", "100000") as demo:
        while not any(path.stat().st_size for path in root.glob("demo/digits/runs/*/logs.txt")):
            assert demo.poll() is None
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 130
    (status,) = root.glob("demo/digits/runs/*/status.json")
    assert b'"interrupted"' in status.read_bytes()

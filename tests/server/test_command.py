"""The command ``runicorn-server``."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runicorn_server", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_port_in_use_is_named_with_the_next_free_one(root: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("--root", str(root), "--port", str(port))
    assert done.returncode == 2
    assert f"port {port} is in use; try --port" in done.stderr


def test_listening_for_others_needs_a_token(root: Path) -> None:
    done = run("--root", str(root), "--host", "0.0.0.0")
    assert (done.returncode, "RUNICORN_TOKEN" in done.stderr) == (2, True)


def test_a_bad_port_is_refused_and_help_is_complete(root: Path) -> None:
    assert run("--root", str(root), "--port", "70000").returncode == 2
    text = run("--help").stdout
    assert all(option in text for option in ("--root", "--host", "--port", "--open", "--root-path"))

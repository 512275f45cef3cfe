"""What ``dev.py demo`` promises: the page it names is its own, and its server ends with it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
SERVING = """
import sys
import dev
root, port = sys.argv[1:]
command = [sys.executable, "-m", "runicorn_server", "--root", root, "--port", port]
with dev.serving(command, int(port)) as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture
def taken(port: int) -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield port


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_demo_on_a_port_in_use_says_so_before_it_does_anything(taken: int) -> None:
    said = run([sys.executable, "dev.py", "demo", "--port", str(taken)])
    assert said.returncode == 1
    assert f"port {taken} can't be used" in said.stderr
    assert "--port" in said.stderr
    assert said.stdout == ""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_server_of_a_demo_ends_with_it(root: Path, port: int, ending: signal.Signals) -> None:
    command = [sys.executable, "-c", SERVING, str(root), str(port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=HERE, text=True, stdin=pipe, stdout=pipe) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline().strip().isdigit()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=30):
            demo.send_signal(ending)
        assert demo.wait(60) != 0
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))  # nobody answers there any more


def test_a_server_that_ends_at_once_is_no_demo(root: Path, port: int) -> None:
    script = SERVING.replace('"-m", "runicorn_server"', '"-c", "raise SystemExit(3)"')
    command = [sys.executable, "-c", script, str(root), str(port)]
    said = run(command)
    assert said.returncode == 1
    assert "did not start" in said.stderr

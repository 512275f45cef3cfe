"""The command ``runicorn-server``."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from runicorn_server.__main__ import _listen, main

Told = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Told:
    """Start with these words, which do not start a server; return what is said."""

    def start(*words: str) -> str:
        assert main(list(words)) == 2
        said = capsys.readouterr().err
        assert said.startswith("runicorn-server: ")
        assert said.count("\n") == 1
        return said

    return start


def test_a_port_in_use_is_named_with_the_next_free_one(refused: Told, root: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is in use; try --port" in refused(
            "--root", str(root), "--port", str(port)
        )


def test_listening_for_others_needs_a_token(refused: Told, root: Path) -> None:
    for host in ("0.0.0.0", "::", "no.such.host.test"):
        assert "RUNICORN_TOKEN" in refused("--root", str(root), "--host", host)
    assert not root.exists()


def test_what_it_was_told_wrongly_is_said_in_a_sentence(
    refused: Told, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert f"{file} can't be read" in refused("--root", str(file))
    assert "root_path" in refused("--root", str(root), "--root-path", "no/slash")
    for port in ("-1", "70000"):
        assert "port" in refused("--root", str(root), "--port", port)
    monkeypatch.setenv("RUNICORN_TOKEN", "")
    assert "token" in refused("--root", str(root))
    monkeypatch.setenv("RUNICORN_TOKEN", "secret-token")
    said = refused("--root", str(root), "--host", "no.such.host.test")
    assert "can't listen on no.such.host.test" in said


def test_help_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "RUNICORN_TOKEN" in text
    assert all(option in text for option in ("--root", "--host", "--port", "--open", "--root-path"))


def test_it_prints_where_it_listens_serves_a_root_that_it_makes_and_ends_on_ctrl_c(
    root: Path,
) -> None:
    command = [sys.executable, "-m", "runicorn_server", "--root", str(root), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        address = line.split(" on ")[1].split()[0]
        try:
            assert httpx.get(f"{address}/api/runs", timeout=20).json() == []
            assert httpx.get(f"{address}/api/v2/experiments", timeout=20).json()["total"] == 0
        finally:
            server.send_signal(signal.SIGINT)
            _, rest = server.communicate(timeout=20)
    assert server.returncode == 0
    assert "Traceback" not in rest
    assert root.is_dir()


def test_the_link_of_a_guarded_server_lets_a_browser_in(root: Path) -> None:
    command = [sys.executable, "-m", "runicorn_server", "--root", str(root), "--port", "0"]
    environment = {**os.environ, "RUNICORN_TOKEN": "secret-token"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        try:
            link = line.split(" on ")[1].split()[0]
            assert "secret-token" not in line
            with httpx.Client(follow_redirects=True, timeout=20) as browser:
                assert browser.get(link).status_code == 200
        finally:
            server.terminate()
            server.communicate(timeout=20)


def test_small_packets_of_an_answer_are_not_held_back() -> None:
    """Head and body go separately, and the body would wait 40 ms for the other side's receipt."""

    async def ask() -> int:
        told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            told.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = _listen("127.0.0.1", 0)
        async with await asyncio.start_server(answer, sock=listening):
            _reader, writer = await asyncio.open_connection(*listening.getsockname())
            async with asyncio.timeout(10):
                is_set = await told
            writer.close()
            await writer.wait_closed()
        return is_set

    assert asyncio.run(ask())

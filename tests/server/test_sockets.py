"""Live logs and live notices over real sockets."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from runicorn_server import tail
from runicorn_server.v2 import live
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

import runicorn as rn


def listen(server: Any, path: str) -> AbstractContextManager[ClientConnection]:
    return connect(server.socket_address(path), proxy=None, close_timeout=2)


def receive(socket: ClientConnection, count: int) -> list[str]:
    return [str(socket.recv(timeout=10)) for _ in range(count)]


@pytest.mark.promise(12)
def test_a_listener_gets_what_is_there_then_what_comes_each_line_once_and_in_order(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    log = write_run("run") / "logs.txt"
    log.write_text("".join(f"old {n}\n" for n in range(1000)), encoding="utf-8")
    server = serve()
    with listen(server, "/api/runs/run/logs/ws") as socket, log.open("ab") as file:
        assert receive(socket, 1000) == [f"old {n}" for n in range(1000)]
        file.write("new 实验\n\nprogress 1\rprogress 2\ntorn".encode())
        file.flush()
        assert receive(socket, 3) == ["new 实验", "", "progress 1\rprogress 2"]
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.5)
        file.write(b" and completed\n\xff\n")
        file.flush()
        assert receive(socket, 2) == ["torn and completed", "\ufffd"]


@pytest.mark.promise(12)
def test_a_log_that_is_not_there_yet_is_waited_for(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    log = write_run("run") / "logs.txt"
    with listen(serve(), "/api/runs/run/logs/ws") as socket:
        log.write_text("first\n", encoding="utf-8")
        assert receive(socket, 1) == ["first"]


@pytest.mark.promise(12)
def test_twenty_listeners_of_a_growing_log_each_get_every_line(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    log = write_run("run") / "logs.txt"
    log.touch()
    server = serve()
    expected = [f"line {n}" for n in range(2000)]
    got: list[list[str]] = []

    def work(socket: ClientConnection) -> None:
        got.append(receive(socket, len(expected)))

    with ExitStack() as stack, log.open("ab", buffering=0) as file:
        path = "/api/runs/run/logs/ws"
        sockets = [stack.enter_context(listen(server, path)) for _ in range(20)]
        threads = [threading.Thread(target=work, args=(socket,)) for socket in sockets]
        for thread in threads:
            thread.start()
        for line in expected:
            file.write(f"{line}\n".encode())
        for thread in threads:
            thread.join(40)
    assert got == [expected] * 20


@pytest.mark.promise(12)
def test_a_log_that_was_replaced_is_read_anew(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    log = write_run("run") / "logs.txt"
    log.write_text("one\ntwo\n", encoding="utf-8")
    with listen(serve(), "/api/runs/run/logs/ws") as socket:
        assert receive(socket, 2) == ["one", "two"]
        log.write_text("anew\n", encoding="utf-8")
        assert receive(socket, 1) == ["anew"]


@pytest.mark.promise(12)
def test_a_log_that_was_cut_and_written_anew_with_more_is_read_from_its_start(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    log = write_run("run") / "logs.txt"
    log.write_text("one\n", encoding="utf-8")
    with listen(serve(), "/api/runs/run/logs/ws") as socket:
        assert receive(socket, 1) == ["one"]
        log.write_text("another\nand more\n", encoding="utf-8")  # the same file, longer than before
        assert receive(socket, 2) == ["another", "and more"]


@pytest.mark.promise(12)
def test_a_log_that_was_written_anew_with_more_is_read_from_its_start(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    log = write_run("run") / "logs.txt"
    log.write_text("one\n", encoding="utf-8")
    with listen(serve(), "/api/runs/run/logs/ws") as socket:
        assert receive(socket, 1) == ["one"]
        with log.open("r+b") as file:  # the same file, and it is never shorter than before
            file.write(b"another\nand more\n")
        assert receive(socket, 2) == ["another", "and more"]


@pytest.mark.promise(12)
def test_a_log_in_a_folder_that_comes_with_its_log_is_followed(
    serve: Callable[..., Any],
    root: Path,
    write_run: Callable[..., Path],
    tmp_path: Path,
    eventually: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tail, "LOOK_S", 3600.0)
    run = write_run("run", "later")
    server = serve()
    with listen(server, "/api/runs/run/logs/ws") as socket:
        eventually(lambda: server.app.state.tails.n_listeners == 1)
        (root / "later").rename(tmp_path / "aside")
        (tmp_path / "aside" / run.relative_to(root / "later") / "logs.txt").write_text("here\n")
        (tmp_path / "aside").rename(root / "later")
        assert receive(socket, 1) == ["here"]


@pytest.mark.promise(12)
def test_a_line_without_end_is_sent_in_pieces_that_cut_no_character(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    log = write_run("run") / "logs.txt"
    line = "x" + "实" * 500_000  # 1.5 MB, and no block ends between two characters
    log.write_text(f"{line}\nafter\n", encoding="utf-8")
    path = serve().socket_address("/api/runs/run/logs/ws")
    with connect(path, proxy=None, max_size=8 << 20) as socket:
        pieces = [str(socket.recv(timeout=10))]
        while pieces[-1] != "after":
            pieces.append(str(socket.recv(timeout=10)))
    assert "".join(pieces) == f"{line}after"
    assert len(pieces) == 3


@pytest.mark.promise(12)
def test_a_listener_that_does_not_read_holds_up_nobody_and_loses_nothing(
    serve: Callable[..., Any], write_run: Callable[..., Path], eventually: Callable[..., Any]
) -> None:
    log = write_run("run") / "logs.txt"
    expected = [f"{number:06} {'x' * 1000}" for number in range(20_000)]
    log.write_text("".join(f"{line}\n" for line in expected), encoding="utf-8")
    server = serve()
    memory = psutil.Process().memory_info
    with listen(server, "/api/runs/run/logs/ws") as slow:
        eventually(lambda: server.app.state.tails.n_listeners == 1)
        before = memory().rss
        with listen(server, "/api/runs/run/logs/ws") as quick:
            assert receive(quick, len(expected)) == expected
        assert memory().rss - before < 64 << 20  # 20 MB of log, three times over, and some room
        assert receive(slow, len(expected)) == expected


def test_a_closed_socket_leaves_nothing_behind(
    serve: Callable[..., Any], write_run: Callable[..., Path], eventually: Callable[..., Any]
) -> None:
    (write_run("run") / "logs.txt").touch()
    server = serve()
    tails, notices = server.app.state.tails, server.app.state.notices
    for _ in range(3):
        with ExitStack() as stack:
            for _ in range(5):
                stack.enter_context(listen(server, "/api/runs/run/logs/ws"))
                stack.enter_context(listen(server, "/api/v2/live"))
            eventually(lambda: (tails.n_listeners, notices.n_listeners) == (5, 5))
        eventually(lambda: (tails.n_listeners, notices.n_listeners) == (0, 0))
    assert not tails._waiting


def test_an_unknown_run_closes_the_socket_with_its_own_code(serve: Callable[..., Any]) -> None:
    with listen(serve(), "/api/runs/nobody/logs/ws") as socket:
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(timeout=10)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 4404
        assert "nobody" in caught.value.rcvd.reason


def test_the_server_stops_at_once_with_sockets_open_and_serves_the_log_again_after(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    log = write_run("run") / "logs.txt"
    log.write_text("one\n", encoding="utf-8")
    first = serve()
    with listen(first, "/api/runs/run/logs/ws") as socket, listen(first, "/api/v2/live") as notices:
        assert receive(socket, 1) == ["one"]
        first.stop()
        for closed in (socket, notices):
            with pytest.raises(ConnectionClosed) as caught:
                closed.recv(timeout=10)
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1012
    with listen(serve(), "/api/runs/run/logs/ws") as socket:
        assert receive(socket, 1) == ["one"]


def test_notices_tell_of_new_runs_and_new_points_as_far_as_asked(
    serve: Callable[..., Any], root: Path, write_run: Callable[..., Path]
) -> None:
    write_run("other", "text")
    server = serve()
    server.client.get("/api/v2/boot")
    with listen(server, "/api/v2/live") as socket:
        socket.send(json.dumps({"sub": [{"t": "runs", "project": "vision"}]}))
        run = rn.init("vision", "live", storage=root, plugins=[])
        notice = _next(socket, "runs")
        assert (notice["changed"], notice["added"]) == ([run.id], 1)

        socket.send(json.dumps({"sub": [{"t": "series", "runs": [run.id]}]}))
        rn.log({"a": 1.0}, step=41)
        while (notice := _next(socket, "series"))["x"] != 41:
            assert notice["run"] == run.id
        body = {"runs": [run.id], "metrics": ["a"]}
        (series,) = server.client.post("/api/v2/series", json=body).json()["series"]
        assert (series["x"], series["y"]) == ([41], [1.0])
        rn.finish()


def _next(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        notice: dict[str, Any] = json.loads(socket.recv(timeout=10))
        if notice["t"] == kind:
            return notice


def test_an_idle_socket_gets_a_ping(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PING_S", 0.1)
    with listen(serve(), "/api/v2/live") as socket:
        for _ in range(2):
            ping = json.loads(socket.recv(timeout=10))
            assert ping["t"] == "ping"
            assert abs(ping["ms"] / 1e3 - time.time()) < 60


def test_a_message_that_is_no_subscription_closes_the_socket_with_a_reason(
    serve: Callable[..., Any],
) -> None:
    server = serve()
    for message in ("", "{", '{"sub": 3}', '{"sub": [{"t": "everything"}]}'):
        with listen(server, "/api/v2/live") as socket:
            socket.send(message)
            with pytest.raises(ConnectionClosed) as caught:
                socket.recv(timeout=10)
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 4400


def test_an_idle_root_makes_no_notice_and_no_new_revision(
    serve: Callable[..., Any], write_run: Callable[..., Path]
) -> None:
    write_run("run")
    server = serve()
    revision = server.client.get("/api/v2/boot").headers["etag"]
    with listen(server, "/api/v2/live") as socket:
        socket.send('{"sub": [{"t": "runs"}]}')
        with pytest.raises(TimeoutError):
            socket.recv(timeout=2)
    assert server.client.get("/api/v2/boot").headers["etag"] == revision

"""Live logs and live notices over real sockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
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
    with listen(first, "/api/runs/run/logs/ws") as socket, listen(first, "/api/v2/live") as live:
        assert receive(socket, 1) == ["one"]
        first.stop()
        for closed in (socket, live):
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

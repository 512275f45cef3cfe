"""A real server on a loopback port, over a real root."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from runicorn_server import Settings, create_app

from runicorn.events import encode
from runicorn.files import write_json

START = 1_790_000_000.0


class Server:
    """The application under uvicorn in a thread; it may be stopped and started again."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.app = create_app(Settings(root=root, **settings))
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        wait_until(lambda: self._server.started)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.address, timeout=20)

    def stop(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def socket_address(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"


def wait_until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Return the first true answer of a condition; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        tick.wait(0.02)
    raise AssertionError("the condition did not come true in time")


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return wait_until


@pytest.fixture
def serve(root: Path) -> Iterator[Callable[..., Server]]:
    """Start servers over the root; all are stopped at the end."""
    started: list[Server] = []

    def start(**settings: Any) -> Server:
        server = Server(root, **settings)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        if server._thread.is_alive():
            server.stop()


@pytest.fixture
def write_run(root: Path) -> Callable[..., Path]:
    """Write a finished run into the root as the disk format says, without the SDK."""

    def write(
        run_id: str,
        project: str = "vision",
        name: str = "base",
        *,
        lines: list[dict[str, Any]] | None = None,
        age_s: float = 0.0,
        **documents: dict[str, Any],
    ) -> Path:
        folder = root.joinpath(project, *name.split("/"), "runs", run_id)
        folder.mkdir(parents=True)
        created = START - age_s
        meta = {"id": run_id, "project": project, "name": name, "created_at": created, "pid": 7}
        write_json(folder / "meta.json", {**meta, **documents.get("meta", {})})
        status = {"status": "finished", "started_at": created, "ended_at": created + 60}
        write_json(folder / "status.json", {**status, **documents.get("status", {})})
        for document in ("config", "summary"):
            if document in documents:
                write_json(folder / f"{document}.json", documents[document])
        with (folder / "events.jsonl").open("wb") as journal:
            for index, data in enumerate(lines or []):
                ts = created + index
                journal.write(encode(ts, "metrics", {**data, "time": ts}))
        return folder

    return write

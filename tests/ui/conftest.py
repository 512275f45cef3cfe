"""A real server on a root of its own, and Debian's Chromium driven by Playwright."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from runicorn.events import encode
from runicorn.files import write_json

CHROMIUM = os.environ.get("RUNICORN_CHROMIUM") or shutil.which("chromium")
# As root Chromium needs --no-sandbox; the others keep it from talking to the network by itself.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
STATIC = Path(__file__).parents[2] / "server" / "runicorn_server" / "static" / "index.html"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Server:
    """``runicorn-server`` in a process of its own; it may be killed and started again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_anywhere(self) -> None:
        """Start on a free port, and on another one where somebody was quicker to take it."""
        for _ in range(5):
            if self._starts():
                return
            self.port = free_port()
        raise AssertionError("the server did not start")

    def start(self) -> None:
        """Start on the same port as before, where an open page looks for it."""
        assert self._starts(), "the server did not start"

    def _starts(self) -> bool:
        command = [sys.executable, "-m", "runicorn_server", "--root", str(self.root)]
        self.process = subprocess.Popen([*command, "--port", str(self.port)])
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._answers():
                return True
            # Its end would be the news; until then others get the processor.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.1)
                return False
        raise AssertionError("the server does not answer")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/api/v2/boot", timeout=10) as answer:
                return bool(json.load(answer)["root"] == str(self.root))
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


# On a busy machine a server takes its time [s].
START_S = 60.0
STARTED = 1_700_000_000.0
Record = Callable[..., None]


@pytest.fixture
def record(root: Path) -> Record:
    """Write a finished run: ``record("project", "name", {step: {"metric": value}}, "run-id")``."""
    numbers = itertools.count(1)

    def write(
        project: str, name: str, points: dict[int, dict[str, float]], run_id: str | None = None
    ) -> None:
        number = next(numbers)
        run_id = run_id or f"20260101_000000_{number:06x}"
        started = STARTED + 100 * number
        folder = root.joinpath(project, *name.split("/"), "runs", run_id)
        folder.mkdir(parents=True)
        meta = {"id": run_id, "project": project, "name": name, "created_at": started}
        write_json(folder / "meta.json", meta)
        status = {
            "status": "finished",
            "started_at": started,
            "ended_at": started + 60,
            "attempt": 1,
        }
        write_json(folder / "status.json", status)
        with (folder / "events.jsonl").open("wb") as journal:
            for step, values in points.items():
                written = {key: _as_written(value) for key, value in values.items()}
                journal.write(encode(started, "metrics", {**written, "global_step": step}))

    return write


def _as_written(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


@pytest.fixture
def server(root: Path) -> Iterator[Server]:
    running = Server(root)
    try:
        running.start_anywhere()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium: install it, or name it in RUNICORN_CHROMIUM")
    if not STATIC.exists():
        pytest.skip("the page is not built: python dev.py setup, or nox -s ui")
    with sync_playwright() as playwright:
        # Scroll bars take room from what they scroll, so they have to be there as for a reader.
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=["--hide-scrollbars"]
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Open a page of the server; console errors and foreign requests fail the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    # What a browser says by itself while the server is away.
    allowed = ["ERR_CONNECTION_REFUSED", "WebSocket connection to"]

    def open_one(path: str = "/", allow: str | None = None, **options: Any) -> Page:
        allowed.extend([allow] if allow else [])
        options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", **options}
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type in {"error", "warning"} else None
            ),
        )
        page.on("request", lambda request: _check_own(request.url, server, complaints))
        page.set_default_timeout(15_000)
        page.goto(server.address + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [text for text in complaints if not any(word in text for word in allowed)] == []


def _check_own(url: str, server: Server, complaints: list[str]) -> None:
    if not url.startswith((server.address, "data:", "blob:", f"ws://127.0.0.1:{server.port}")):
        complaints.append(f"foreign request: {url}")

"""A real server on a root of its own, and Debian's Chromium driven by Playwright."""

from __future__ import annotations

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

import runicorn as rn

CHROMIUM = os.environ.get("RUNICORN_CHROMIUM") or shutil.which("chromium")
# As root Chromium needs --no-sandbox; the others keep it from talking to the network by itself.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
STATIC = Path(__file__).parents[2] / "server" / "runicorn_server" / "static" / "index.html"


class Server:
    """``runicorn-server`` in a process of its own; it may be killed and started again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "runicorn_server", "--root", str(self.root)]
        self.process = subprocess.Popen([*command, "--port", str(self.port)])
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/api/health", timeout=10):
                    return
            except OSError:
                continue
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


Record = Callable[..., None]


@pytest.fixture
def record(root: Path) -> Record:
    """Record a finished run: `record("project", "name", {step: {"metric": value}})`."""

    def write(
        project: str, name: str, points: dict[int, dict[str, Any]], run_id: str | None = None
    ) -> None:
        with rn.init(project, name, run_id=run_id, storage=root):
            for step, values in points.items():
                rn.log(values, step=step)

    return write


@pytest.fixture
def server(root: Path) -> Iterator[Server]:
    running = Server(root)
    running.start()
    yield running
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

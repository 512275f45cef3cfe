"""Take the screenshots of docs/screenshots: ``python docs/make_screenshots.py``.

Trains the networks of examples/digits.py and holds the third of them halfway, so that the pictures
show a run that is still training. Needs the built page, Chromium and a system with signals.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "screenshots"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# (suffix, colour scheme, locale, width, height)
LOOKS = (
    ("light", "light", "en-US", 1440, 900),
    ("dark", "dark", "en-US", 1440, 900),
    ("zh-dark", "dark", "zh-CN", 1440, 900),
    ("phone", "light", "en-US", 390, 844),
)
HELD_AT = "epoch 22/"
WAIT_S = 60.0


def take(page: Page, address: str, suffix: str) -> None:
    """Take every page in one look."""
    page.goto(f"{address}/p/digits")
    row = page.locator("[data-run]").first
    expect(row).to_be_visible()
    run_id = row.get_attribute("data-run")
    charts = page.get_by_role("article", name="train/loss").get_by_role("img")
    if suffix != "phone":
        expect(charts).to_be_visible()
        box = charts.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.7 * box["height"])
        expect(page.locator(".tip")).to_be_visible()
    page.screenshot(path=FOLDER / f"workspace-{suffix}.png")
    for name, path in (("home", ""), ("logs", f"r/{run_id}/logs")):
        page.goto(f"{address}/{path}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}-{suffix}.png")


@contextmanager
def ending(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block is left."""
    variables = {**os.environ, **environment}
    with subprocess.Popen(command, cwd=HERE.parent, env=variables) as process:  # noqa: S603 - our own
        try:
            yield process
        finally:
            process.kill()


def hold(training: subprocess.Popen[bytes], root: Path) -> None:
    """Wait until the third run is halfway and stop its process there."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and training.poll() is None:
        logs = sorted(root.glob("digits/*/runs/*/logs.txt"), key=lambda log: log.stat().st_mtime)
        if len(logs) >= 3 and HELD_AT in logs[-1].read_text(encoding="utf-8"):  # noqa: PLR2004 - of three networks
            training.send_signal(signal.SIGSTOP)
            return
    sys.exit("the training did not come that far")


def main() -> None:
    """Take all looks."""
    FOLDER.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        server = [sys.executable, "-m", "runicorn_server", "--root", folder, "--port", port]
        train = [sys.executable, "examples/digits.py"]
        with ending(server), ending(train, RUNICORN_DIR=folder) as training:
            hold(training, Path(folder))
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=ARGUMENTS
                )
                for suffix, scheme, locale, width, height in LOOKS:
                    page = chromium.new_page(
                        viewport={"width": width, "height": height},
                        color_scheme="dark" if scheme == "dark" else "light",
                        locale=locale,
                    )
                    take(page, f"http://127.0.0.1:{port}", suffix)
                    page.close()
                chromium.close()


if __name__ == "__main__":
    main()

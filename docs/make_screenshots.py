"""Take the screenshots of docs/screenshots from a server that shows the demo.

python dev.py demo                       # in one terminal
python docs/make_screenshots.py          # in another, while the demo trains
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

FOLDER = Path(__file__).resolve().parent / "screenshots"
ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:23300"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# (suffix, colour scheme, locale, width, height)
LOOKS = (
    ("light", "light", "en-US", 1440, 900),
    ("dark", "dark", "en-US", 1440, 900),
    ("zh-dark", "dark", "zh-CN", 1440, 900),
    ("phone", "light", "en-US", 390, 844),
)


def take(page: Page, suffix: str) -> None:
    """Take every page in one look."""
    page.goto(f"{ADDRESS}/p/digits")
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
    for name, path in (("home", ""), ("run", f"r/{run_id}"), ("logs", f"r/{run_id}/logs")):
        page.goto(f"{ADDRESS}/{path}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}-{suffix}.png")


def main() -> None:
    """Take all looks."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        executable = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for suffix, scheme, locale, width, height in LOOKS:
            size = {"width": width, "height": height}
            context = browser.new_context(color_scheme=scheme, locale=locale, viewport=size)  # type: ignore[arg-type] # Playwright's own literals
            take(context.new_page(), suffix)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()

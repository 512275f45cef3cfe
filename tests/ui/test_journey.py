"""What a person sees: from an empty store to a live curve and a live log, in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

pytestmark = pytest.mark.timeout(180)

# Trains as far as it is told: each number on its standard input is logged up to, then acknowledged.
TRAINING = """
import sys
import runicorn as rn
rn.init("vision", "resnet/base", run_id=sys.argv[1], storage=sys.argv[2], config={"lr": 0.1})
rn.set_primary_metric("val/acc")
step = 0
for line in sys.stdin:
    while step < int(line):
        step += 1
        rn.log({"train/loss": 1 / step, "val": {"acc": step / 1000}}, step=step)
        rn.log_text(f"step {step} of {sys.argv[1]}")
    print(step, flush=True)
rn.finish()
"""


class Training:
    """A training script that does its next steps when it is told to."""

    def __init__(self, run_id: str, root: Path) -> None:
        command = [sys.executable, "-c", TRAINING, run_id, str(root)]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def go_to(self, step: int) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(f"{step}\n")
        self._child.stdin.flush()
        assert self._child.stdout.readline() == f"{step}\n"

    def end(self) -> None:
        self._child.communicate(timeout=30)

    def kill(self) -> None:
        self._child.kill()
        self._child.communicate(timeout=30)


@pytest.fixture
def train(root: Path) -> Iterator[Callable[[str], Training]]:
    started: list[Training] = []

    def start(run_id: str) -> Training:
        started.append(Training(run_id, root))
        return started[-1]

    yield start
    for training in started:
        training.kill()


def chart(page: Page, metric: str) -> Any:
    return page.get_by_role("img", name=f"{metric}, ")


def test_from_an_empty_store_to_a_live_curve_and_a_live_log(
    open_page: Callable[..., Page], train: Callable[[str], Training]
) -> None:
    page = open_page("/")
    expect(page.get_by_text("Waiting for the first run.")).to_be_visible()
    expect(page.get_by_role("button", name="Idle")).to_be_visible()

    training = train("run-a")
    training.go_to(50)
    page.get_by_role("link", name="vision").click()
    expect(page).to_have_url(re.compile(r"/p/vision$"))
    expect(page.get_by_role("button", name="Live")).to_be_visible()
    expect(chart(page, "train/loss")).to_have_accessible_name(
        re.compile("steps 1 to 50, highest 1")
    )
    row = page.locator('[data-run="run-a"]')
    expect(row).to_contain_text("running")

    training.go_to(2000)
    expect(chart(page, "train/loss")).to_have_accessible_name(
        re.compile("steps 1 to 2,000, highest 1.000 by resnet/base at step 1$")
    )
    expect(page.get_by_text(re.compile("2,000 points shown as"))).to_have_count(2)

    row.get_by_role("link").click()
    page.get_by_role("tab", name="Logs").click()
    log = page.get_by_role("log")
    expect(log).to_contain_text("step 2000 of run-a")
    training.go_to(2001)
    expect(log).to_contain_text("step 2001 of run-a")
    expect(page.get_by_text("2,001 lines")).to_be_visible()

    training.end()
    expect(page.locator(".run-head")).to_contain_text("finished")
    page.get_by_role("tab", name="Overview").click()
    expect(page.get_by_text("val/acc 2.001 at step 2,001")).to_be_visible()


def test_several_runs_are_plotted_and_hovering_one_marks_it_everywhere(
    open_page: Callable[..., Page], train: Callable[[str], Training]
) -> None:
    for run_id, steps in (("run-a", 300), ("run-b", 400)):
        training = train(run_id)
        training.go_to(steps)
        training.end()
    page = open_page("/p/vision")
    loss = chart(page, "train/loss")
    expect(loss).to_have_accessible_name(re.compile("2 runs, steps 1 to 400"))

    box = loss.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    tooltip = page.locator(".tip")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text("run-a")
    page.mouse.move(2, 2)
    expect(tooltip).to_be_hidden()

    page.locator('[data-run="run-b"]').get_by_role("button").click()
    expect(loss).to_have_accessible_name(re.compile("1 run, steps 1 to 300"))
    expect(page).to_have_url(re.compile("off=run-b"))
    page.go_back()
    expect(loss).to_have_accessible_name(re.compile("2 runs"))


def test_a_killed_run_is_told_from_a_running_one(
    open_page: Callable[..., Page], server: Any, train: Callable[[str], Training]
) -> None:
    training = train("run-a")
    training.go_to(10)
    training.kill()
    server.stop()
    server.start()  # a fresh server looks at once
    page = open_page("/r/run-a")
    expect(page.locator(".run-head")).to_contain_text("killed")
    expect(page.get_by_text(re.compile("is gone and left no final status"))).to_be_visible()


def test_the_page_outlives_its_server_and_recovers_by_itself(
    open_page: Callable[..., Page], server: Any, train: Callable[[str], Training]
) -> None:
    training = train("run-a")
    training.go_to(100)
    page = open_page("/p/vision")
    expect(chart(page, "train/loss")).to_have_accessible_name(re.compile("steps 1 to 100"))
    server.stop()
    expect(page.get_by_text("The Runicorn server does not answer. Retrying.")).to_be_visible()
    expect(chart(page, "train/loss")).to_be_visible()
    training.go_to(200)
    server.start()
    expect(chart(page, "train/loss")).to_have_accessible_name(
        re.compile("steps 1 to 200"), timeout=30_000
    )
    expect(page.get_by_text("The Runicorn server does not answer.")).to_be_hidden()


def test_an_idle_page_asks_for_nothing(
    open_page: Callable[..., Page], train: Callable[[str], Training]
) -> None:
    training = train("run-a")
    training.go_to(10)
    training.end()
    page = open_page("/p/vision")
    expect(chart(page, "train/loss")).to_be_visible()
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with pytest.raises(Exception, match="Timeout"):
        page.wait_for_event("request", timeout=5_000)
    assert asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "words"), [("en-US", "finished"), ("zh-CN", "已完成")])
def test_themes_and_languages_follow_the_browser_and_no_page_scrolls_sideways(
    open_page: Callable[..., Page], train: Callable[[str], Training],
    scheme: str, locale: str, words: str,
) -> None:  # fmt: skip
    training = train("run-a")
    training.go_to(10)
    training.end()
    for width in (1440, 390):
        size = {"width": width, "height": 844}
        page = open_page("/p/vision", color_scheme=scheme, locale=locale, viewport=size)
        if width < 900:
            page.goto(page.url.replace("/p/vision", "/r/run-a"))
        expect(page.get_by_text(words).first).to_be_visible()
        assert page.evaluate("document.documentElement.lang").startswith(locale[:2])
        canvas = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        is_dark = sum(int(part) for part in re.findall(r"\d+", canvas)[:3]) < 3 * 128
        assert is_dark == (scheme == "dark")
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0


@pytest.mark.promise(11)
def test_names_and_logs_with_markup_are_shown_as_text(
    open_page: Callable[..., Page], root: Path
) -> None:
    from runicorn.files import write_json

    script = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    folder = root / "odd" / "name" / "runs" / "run-x"
    folder.mkdir(parents=True)
    odd = {"project": f"odd{script}", "name": script, "created_at": 1.0, "tags": [script]}
    write_json(folder / "meta.json", odd)
    write_json(folder / "status.json", {"status": "failed", "exit_reason": script})
    write_json(folder / "config.json", {script: script})
    (folder / "logs.txt").write_text(f"{script}\n", encoding="utf-8")
    page = open_page("/r/run-x")
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))  # noqa: PLW0108 - a built-in is refused
    expect(page.get_by_text(script).first).to_be_visible()
    page.get_by_role("tab", name="Logs").click()
    expect(page.get_by_role("log")).to_contain_text(script)
    assert dialogs == []
    assert page.locator("img[src=x]").count() == 0


def test_an_unknown_run_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page("/r/nobody", allow="404 (Not Found)")
    expect(page.get_by_text("There is no run nobody.")).to_be_visible()

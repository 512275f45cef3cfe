"""The run list and what stands around it: what fits, what is told apart, what an address says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.timeout(180)

Record = Callable[..., None]
OpenPage = Callable[..., Page]

CUT = "cell => cell.scrollWidth > cell.clientWidth"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def right_end(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"]


def record_two(record: Record) -> None:
    for name, steps in (("mlp", 10), ("cnn", 20)):
        record("vision", name, {step: {"loss": 1 / step} for step in range(1, steps)}, name)


@pytest.mark.parametrize("view", ["split", "table"])
@pytest.mark.parametrize("n_runs", [2, 40])  # without a scroll bar and with one
def test_header_and_rows_end_together_and_no_number_is_cut(
    record: Record, open_page: OpenPage, view: str, n_runs: int
) -> None:
    for i in range(n_runs):
        record("vision", f"run-{i}", {1: {"loss": -1.234567e-5 * (1 + i * 1e-4)}}, f"run-{i}")
    page = open_page(f"/p/vision?view={view}", viewport={"width": 1400, "height": 900})
    row = page.locator("[data-run]").first
    expect(row).to_be_visible()
    head = page.locator(".row-head")
    assert right_end(row) == right_end(head)
    assert right_end(row.locator(".cell-best")) <= right_end(row)
    for cell in row.locator(".cell-best, .cell-duration, .cell-started, .cell-status").all():
        if cell.is_visible():
            assert not cell.evaluate(CUT), cell.inner_text()


def test_the_part_of_a_name_that_differs_is_in_sight(record: Record, open_page: OpenPage) -> None:
    prefix = "names/with-a-very-long-prefix-that-nobody-needs-to-read-lr1e-4-"
    for name in (f"{prefix}seed23", f"{prefix}seed24", "baseline", "again", "again"):
        record("names", name, {step: {"loss": 1 / step} for step in range(1, 50)})
    page = open_page("/p/names")
    rows = page.locator("[data-run] .name")
    expect(rows).to_have_count(5)
    shown = {tuple(name.locator("span").all_inner_texts()) for name in rows.all()}
    tails = {parts[-1] for parts in shown}
    assert {"seed23", "seed24"} < tails
    assert len(tails) == 5
    for tail in page.locator("[data-run] .name > span:last-child").all():
        assert not tail.evaluate(CUT), tail.inner_text()
    page.mouse.move(*middle(page.get_by_role("img", name="loss, ")))
    tip = page.locator(".tip .name > span:last-child")
    assert set(tip.all_inner_texts()) == tails


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_search_without_a_match_leaves_one_message_and_no_panel(
    record: Record, open_page: OpenPage
) -> None:
    record_two(record)
    page = open_page("/p/vision")
    expect(page.get_by_role("img", name="loss, ")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("zzz")
    charts = page.get_by_role("region", name="Charts")
    expect(charts).to_contain_text("No run matches this filter.")
    expect(charts.get_by_role("article")).to_have_count(0)
    expect(page.locator("[data-loading]")).to_have_count(0)
    charts.get_by_role("button", name="Clear the search").click()
    expect(page.get_by_role("img", name="loss, 2 runs")).to_be_visible()


def test_panels_of_the_plotted_run_come_first_and_the_others_are_folded(
    record: Record, open_page: OpenPage
) -> None:
    record("odd", "one", {1: {"a/x": 1.0, "b/x": 1.0}}, "one")
    record("odd", "two", {1: {"z/x": 1.0}}, "two")
    page = open_page("/p/odd")
    expect(page.get_by_role("article")).to_have_count(3)
    page.goto(page.url + "?solo=two")
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("article", name="z/x")).to_be_visible()
    absent = page.get_by_role("button", name="Metrics that no plotted run has 2")
    absent.click()
    expect(page.get_by_role("article")).to_have_count(3)
    expect(page.get_by_text("No plotted run has this metric.").first).to_be_visible()


def test_what_is_plotted_is_said_with_the_right_number(record: Record, open_page: OpenPage) -> None:
    record_two(record)
    page = open_page("/p/vision")
    expect(page.get_by_text("Plotted: all 2")).to_be_visible()
    page.goto(page.url + "?top=1")
    expect(page.get_by_role("button", name="Plotted: 1")).to_be_visible()


def test_on_a_phone_the_charts_have_an_address_and_back_leads_to_the_runs(
    record: Record, open_page: OpenPage
) -> None:
    record_two(record)
    page = open_page("/p/vision", viewport={"width": 390, "height": 844})
    row = page.locator('[data-run="mlp"]')
    expect(row).to_be_visible()
    page.get_by_role("button", name="Charts").click()
    expect(page.get_by_role("img", name="loss, ")).to_be_visible()
    page.reload()
    expect(page.get_by_role("img", name="loss, ")).to_be_visible()
    page.go_back()
    expect(row).to_be_visible()
    expect(page).to_have_url(re.compile("/p/vision$"))


def test_the_picker_names_the_project_of_a_run(record: Record, open_page: OpenPage) -> None:
    record_two(record)
    page = open_page("/r/mlp/metrics")
    expect(page.get_by_label("Project", exact=True)).to_have_value("vision")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("path", ["/nopage", "/p/nope", "/r/nope"])
def test_an_address_of_nothing_has_a_way_home(
    record: Record, open_page: OpenPage, path: str, locale: str
) -> None:
    record_two(record)
    page = open_page(path, allow="404 (Not Found)", locale=locale)
    home = "前往项目列表" if locale == "zh-CN" else "Go to the projects"
    page.get_by_role("main").get_by_role("link", name=home).click()
    expect(page.get_by_role("link", name="vision")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_nothing_scrolls_sideways_on_the_smallest_screens(
    record: Record, open_page: OpenPage, locale: str
) -> None:
    record_two(record)
    record("vision", "a-name-without-any-end-" + "x" * 60, {1: {"loss": 1.0}}, "long")
    size = {"width": 320, "height": 700}
    page = open_page("/", allow="404 (Not Found)", viewport=size, locale=locale)
    home = page.url
    for path in (
        "", "p/vision", "p/vision?view=charts&xr=1..5", "r/long", "r/long/metrics", "r/long/logs",
        "nopage", "p/nope",
    ):  # fmt: skip
        page.goto(home + path)
        expect(page.get_by_role("main")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.evaluate(SIDEWAYS) <= 0, path


def test_values_of_a_run_have_the_digits_they_were_logged_with(
    record: Record, open_page: OpenPage
) -> None:
    values = {"five": 5.0, "below": -199.0, "third": 1 / 3}
    record("vision", "run", {1: values}, "run")
    page = open_page("/r/run", viewport={"width": 1400, "height": 900})
    table = page.get_by_role("table", name="Last values")
    for name, shown in (("five", "5"), ("below", "\N{MINUS SIGN}199"), ("third", "0.333333")):
        row = table.get_by_role("row", name=name)
        expect(row.get_by_role("cell")).to_have_text(re.compile(f"^{shown}$"))
    assert right_end(page.locator(".overview-columns")) == 1400 - 12


def test_dots_of_runs_with_one_name_are_named_by_their_ids(
    record: Record, open_page: OpenPage
) -> None:
    for run_id in ("20260101_000000_aaaaaa", "20260101_000000_bbbbbb"):
        record("vision", "mlp", {1: {"loss": 1.0}}, run_id)
    page = open_page("/p/vision")
    page.get_by_role("button", name="Do not plot mlp · aaaaaa").click()
    expect(page).to_have_url(re.compile("off=aaaaaa"))


def test_the_footer_of_a_narrow_panel_is_read_whole(record: Record, open_page: OpenPage) -> None:
    points = {step: {"loss": float(step % 7) - 3} for step in range(1, 3001)}
    record("vision", "run", points)
    page = open_page("/p/vision?grid=4&yl=1")
    foot = page.locator(".panel-foot")
    expect(foot).to_contain_text("are not shown on a log axis.")
    assert not foot.evaluate(CUT)
    assert foot.evaluate("foot => getComputedStyle(foot).whiteSpace") == "normal"


def test_a_progress_bar_of_a_log_is_one_line_until_it_is_unfolded(
    record: Record, open_page: OpenPage, root: Path
) -> None:
    record("vision", "run", {1: {"loss": 1.0}}, "run")
    bars = "".join(f"\r {percent}%|##|\n" for percent in range(0, 100, 2))
    log = root / "vision" / "run" / "runs" / "run" / "logs.txt"
    log.write_text(f"epoch 1\n{bars}done\n", encoding="utf-8", newline="")
    page = open_page("/r/run/logs")
    lines = page.get_by_role("log").locator(".log-line")
    expect(lines).to_have_count(3)
    expect(lines.nth(1)).to_have_text(re.compile(r"^51 98%\|##\|50 updates$"))
    expect(page.get_by_text("52 lines")).to_be_visible()
    page.get_by_label("Fold progress bars").uncheck()
    expect(lines).to_have_count(52)
    page.reload()
    expect(lines).to_have_count(52)

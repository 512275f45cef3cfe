"""What a chart shows, says and takes: values at the edges of numbers, steps, readings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.timeout(180)

Record = Callable[..., None]
OpenPage = Callable[..., Page]

# Pixels of a panel's canvas that are neither the ground nor a grey of axes and grid.
COLOURED = """plot => {
  const canvas = plot.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b, a] = data.slice(i, i + 4);
    if (a > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 60) n += 1;
  }
  return n;
}"""


def chart(page: Page, metric: str) -> Locator:
    return page.get_by_role("img", name=f"{metric}, ")


def hover(page: Page, metric: str, x: float, y: float) -> Any:
    """Move to a part of a chart, from its left and its top, and give the tooltip."""
    box = chart(page, metric).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    return page.locator(".tip")


@pytest.mark.parametrize("query", ["", "?yl=1"])
def test_the_smallest_and_the_largest_values_are_drawn(
    record: Record, open_page: OpenPage, query: str
) -> None:
    sizes = {"tiny": 1e-30, "huge": 1e30, "least": 1e-300, "most": 1e300, "one": 1.0}
    record("odd", "run", {i: {k: v * (i + 1) for k, v in sizes.items()} for i in range(200)})
    page = open_page(f"/p/odd{query}", viewport={"width": 1440, "height": 1300})
    for metric in sizes:
        expect(chart(page, metric)).to_be_visible()
        assert chart(page, metric).evaluate(COLOURED) > 100, metric


def test_a_chart_without_a_value_to_draw_says_why(record: Record, open_page: OpenPage) -> None:
    record("odd", "run", {i: {"below": -1.0 - i, "nan": math.nan} for i in range(5)})
    page = open_page("/p/odd?yl=1")
    below = page.get_by_role("article", name="below")
    expect(below).to_contain_text("No value is above 0, so a log axis can show none.")
    nan = page.get_by_role("article", name="nan")
    expect(nan).to_contain_text("No value is finite.")
    expect(chart(page, "nan")).to_have_accessible_name(re.compile("no value is finite$"))


def test_every_row_of_a_tooltip_is_of_the_step_it_names(
    record: Record, open_page: OpenPage
) -> None:
    record("steps", "even", {step: {"loss": 1.0} for step in range(0, 101, 2)}, "even")
    record("steps", "odd", {step: {"loss": 2.0} for step in range(1, 100, 2)}, "odd")
    record("steps", "single", {50: {"loss": 3.0}}, "single")
    page = open_page("/p/steps")
    expect(chart(page, "loss")).to_have_accessible_name(re.compile("3 runs, steps 0 to 100"))
    tip = hover(page, "loss", 0.5, 0.7)
    heading = tip.locator(".tip-head").inner_text()
    logged = {"even": range(0, 101, 2), "odd": range(1, 100, 2), "single": [50]}
    for row in tip.locator(".tip-row").all():
        name = row.locator(".tip-name").inner_text()
        notes = row.locator(".tip-note").all_inner_texts()
        step = int((notes or [heading])[0].removeprefix("step "))
        assert step in logged[name], (name, heading, notes)


def test_a_chart_in_buckets_begins_at_its_first_step_and_names_its_highest_one(
    record: Record, open_page: OpenPage
) -> None:
    values = {step: {"loss": 9.0 if step == 3 else 1 / step} for step in range(1, 3001)}
    record("long", "run", values)
    page = open_page("/p/long")
    expect(page.get_by_text(re.compile("3,000 points shown as"))).to_be_visible()
    expect(chart(page, "loss")).to_have_accessible_name(
        "loss, 1 run, steps 1 to 3,000, highest 9.000 by run at step 3"
    )


def test_a_zoom_leaves_no_mark_on_the_view_it_is_reset_to(
    record: Record, open_page: OpenPage
) -> None:
    record("zoom", "run", {step: {"loss": float(step % 1000)} for step in range(1, 4001)})
    picture = "plot => plot.querySelector('canvas').toDataURL()"
    page = open_page("/p/zoom")
    expect(page.get_by_text(re.compile("4,000 points shown as"))).to_be_visible()
    fresh = chart(page, "loss").evaluate(picture)
    page.goto(page.url + "?xr=1..20")
    expect(page.get_by_text("all 20 points")).to_be_visible()
    page.keyboard.press("0")
    expect(page.get_by_text(re.compile("4,000 points shown as"))).to_be_visible()
    assert chart(page, "loss").evaluate(picture) == fresh


def keyboard(page: Page, metric: str, *keys: str) -> None:
    page.get_by_role("application", name=f"Chart of {metric}").focus()
    for key in keys:
        page.keyboard.press(key)


def test_a_chart_is_read_by_keyboard(record: Record, open_page: OpenPage) -> None:
    record("keys", "low", {step: {"loss": step / 100} for step in range(1, 101)}, "low")
    record("keys", "high", {step: {"loss": 2.0} for step in range(1, 101)}, "high")
    page = open_page("/p/keys")
    expect(chart(page, "loss")).to_be_visible()
    tip, said = page.locator(".tip"), page.get_by_role("contentinfo")
    for _ in range(40):  # there by Tab alone, as everything
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "application":
            break
    page.keyboard.press("ArrowRight")
    expect(tip).to_contain_text("step 1")
    expect(said).to_have_text(re.compile("high: 2 at step 1$"))
    expect(page.locator('[data-run="high"]')).to_have_attribute("data-hover", "")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    expect(said).to_have_text(re.compile("low: 0.11 at step 11$"))
    page.keyboard.press("End")
    expect(said).to_have_text(re.compile("low: 1 at step 100$"))
    page.keyboard.press("ArrowLeft")
    expect(said).to_have_text(re.compile("low: 0.99 at step 99$"))
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    keyboard(page, "loss", "Home", "ArrowDown", "o")
    expect(page).to_have_url(re.compile("/r/low$"))


def test_a_chart_is_zoomed_by_keyboard_and_back_undoes_it(
    record: Record, open_page: OpenPage
) -> None:
    record("keys", "run", {step: {"loss": 1 / step} for step in range(1, 101)})
    page = open_page("/p/keys")
    expect(chart(page, "loss")).to_have_accessible_name(re.compile("steps 1 to 100"))
    keyboard(page, "loss", "+")
    expect(page).to_have_url(re.compile(r"xr=25\.\.76"))
    expect(chart(page, "loss")).to_have_accessible_name(re.compile("steps 25 to 76"))
    page.keyboard.press("Shift+Alt+ArrowRight")
    expect(page).to_have_url(re.compile(r"xr=38\.\.89"))
    page.keyboard.press("-")
    expect(page).to_have_url(re.compile(r"/p/keys(\?xr=.*)?$"))
    page.keyboard.press("-")
    expect(page).to_have_url(re.compile("/p/keys$"))
    page.keyboard.press("+")
    page.go_back()
    expect(page).to_have_url(re.compile("/p/keys$"))
    expect(chart(page, "loss")).to_have_accessible_name(re.compile("steps 1 to 100"))


@pytest.mark.parametrize(
    ("locale", "names"),
    [("en-US", ["Open the run", "Down arrow"]), ("zh-CN", ["打开运行", "下箭头"])],
)
def test_the_list_of_shortcuts_names_keys_as_people_do(
    record: Record, open_page: OpenPage, locale: str, names: list[str]
) -> None:
    record("keys", "run", {1: {"loss": 1.0}})
    page = open_page("/p/keys", locale=locale)
    expect(chart(page, "loss") if locale == "en-US" else page.get_by_role("img")).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(names[0])
    expect(dialog.get_by_label(names[1]).first).to_have_text("↓")
    shown = dialog.inner_text()
    for raw in ("ArrowDown", "Shift+v", "Shift+"):
        assert raw not in shown

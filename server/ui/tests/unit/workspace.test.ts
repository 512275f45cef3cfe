import { describe, expect, test } from "vitest";
import { filterNames } from "../../src/view/globs";
import { plottedIds, toggleSolo, togglePlotted } from "../../src/workspace/plotted";
import { ABSENT, FOLD_ABOVE, isOpen, sectionsOf, toggleSection } from "../../src/workspace/sections";

const ids = Array.from({ length: 12 }, (_, i) => `20261124_1200_${String(i).padStart(2, "0")}`);
const none = { top: 10, on: [], off: [], solo: [] };

describe("plotted runs", () => {
  test("are the first of the order", () => {
    expect(plottedIds(ids, none)).toEqual(ids.slice(0, 10));
  });

  test("a click takes a run off, and another one brings it back", () => {
    const [first = ""] = ids;
    const off = { ...none, ...togglePlotted(ids, none, first) };
    expect(plottedIds(ids, off)).toEqual(ids.slice(1, 10));
    expect(plottedIds(ids, { ...none, ...togglePlotted(ids, off, first) })).toEqual(ids.slice(0, 10));
  });

  test("a click adds a run from below", () => {
    const last = ids[11] ?? "";
    expect(plottedIds(ids, { ...none, ...togglePlotted(ids, none, last) })).toEqual([...ids.slice(0, 10), last]);
  });

  test("a shift-click shows one alone and then all again", () => {
    const third = ids[3] ?? "";
    const solo = { ...none, ...toggleSolo(ids, none, third) };
    expect(plottedIds(ids, solo)).toEqual([third]);
    expect(toggleSolo(ids, solo, third).solo).toEqual([]);
  });
});

describe("metrics", () => {
  const metrics = ["train/loss", "val/acc", "val/loss", "lr", "system/cpu"];

  test("are grouped by their first part, single ones first and the system last", () => {
    expect(sectionsOf(metrics).map((section) => section.name)).toEqual([".", "train", "val", "system"]);
  });

  test("that no plotted run has stand at the end, folded", () => {
    const sections = sectionsOf(metrics, new Set(["val/acc", "lr"]));
    expect(sections.map(({ name }) => name)).toEqual(["train", "val", "system", ABSENT]);
    const absent = sections.at(-1) ?? { name: "", metrics: [] };
    expect(absent.metrics).toEqual(["lr", "val/acc"]);
    expect(isOpen(absent, [], [])).toBe(false);
    const { open, fold } = toggleSection(absent, [], []);
    expect(isOpen(absent, open, fold)).toBe(true);
    expect(toggleSection(absent, open, fold)).toEqual({ open: [], fold: [] });
  });

  test("are found by parts, globs and expressions; a half-typed one filters nothing", () => {
    expect(filterNames(metrics, "loss")).toEqual(["train/loss", "val/loss"]);
    expect(filterNames(metrics, "val/*")).toEqual(["val/acc", "val/loss"]);
    expect(filterNames(metrics, "/^l/")).toEqual(["lr"]);
    expect(filterNames(metrics, "lr acc")).toEqual(["val/acc", "lr"]);
    expect(filterNames(metrics, "/(/")).toEqual(metrics);
  });

  test("of a big section start folded, and a click turns that around", () => {
    const big = { name: "grad", metrics: Array.from({ length: FOLD_ABOVE + 1 }, (_, i) => `grad/${String(i)}`) };
    expect(isOpen(big, [], [])).toBe(false);
    const { open, fold } = toggleSection(big, [], []);
    expect(isOpen(big, open, fold)).toBe(true);
    const small = { name: "val", metrics: ["val/acc"] };
    const folded = toggleSection(small, [], []);
    expect(isOpen(small, folded.open, folded.fold)).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import { moveCursor, type Cursor } from "../../src/chart/cursor";
import { describeReading } from "../../src/chart/describe";
import { chartAction, CHART_SHORTCUTS, type ChartAction } from "../../src/chart/keys";
import { panBy, zoomAround } from "../../src/chart/scales";
import { translators } from "../../src/i18n";
import { curve } from "./curve";

const none = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
const press = (key: string, more: Partial<typeof none> = {}) => chartAction({ ...none, ...more, key });

describe("the keys of a chart", () => {
  test("are the ones that the list of shortcuts names", () => {
    for (const { keys } of CHART_SHORTCUTS) {
      for (const name of keys) {
        const parts = name.length > 1 ? name.split("+") : [name];
        const key = parts.at(-1) ?? "";
        expect(press(key, { shiftKey: parts.includes("Shift"), altKey: parts.includes("Alt") }), name).not.toBeNull();
      }
    }
  });

  test("leave the browser's and other keys alone", () => {
    expect(press("ArrowLeft", { altKey: true })).toBeNull();
    expect(press("ArrowLeft", { ctrlKey: true })).toBeNull();
    expect(press("+", { ctrlKey: true })).toBeNull();
    for (const key of ["a", "0", "Tab", "Enter", "PageDown"]) expect(press(key)).toBeNull();
  });
});

type Reading = Extract<ChartAction, { kind: "move" | "end" | "run" }>;

describe("reading by keyboard", () => {
  const low = curve("low", [0, 2, 2, 4, 6], [1, 1, 1, 1, NaN]);
  const high = curve("high", [0, 1, 2, 3], [9, 9, 9, 9]);
  const short = curve("short", [50], [5]);
  const curves = [low, high, short];
  const read = (cursor: Cursor | null, action: Reading, range: readonly [number, number] = [0, 50]) =>
    moveCursor(curves, range, cursor, action);

  test("begins at the end that the key points away from", () => {
    expect(read(null, { kind: "move", by: 1 })).toEqual({ run: "low", x: 0 });
    expect(read(null, { kind: "move", by: -1 })).toEqual({ run: "low", x: 6 });
    expect(read(null, { kind: "run", by: 1 })).toEqual({ run: "low", x: 6 });
    expect(read(null, { kind: "move", by: 1 }, [40, 50])).toEqual({ run: "short", x: 50 });
    expect(read(null, { kind: "move", by: 1 }, [10, 20])).toBeNull();
    expect(read({ run: "gone", x: 1 }, { kind: "move", by: 1 })).toEqual({ run: "low", x: 0 });
  });

  test("goes from step to step, also where several points share one, and stops at the ends", () => {
    const steps = [0, 1, 2, 3, 4].map((n) => {
      let cursor: Cursor | null = { run: "low", x: 0 };
      for (let i = 0; i < n; i += 1) cursor = read(cursor, { kind: "move", by: 1 });
      return cursor?.x;
    });
    expect(steps).toEqual([0, 2, 4, 6, 6]);
    expect(read({ run: "low", x: 4 }, { kind: "move", by: -1 })?.x).toBe(2);
    expect(read({ run: "low", x: 2 }, { kind: "move", by: 10 })?.x).toBe(6);
    expect(read({ run: "low", x: 2 }, { kind: "end", to: "last" })?.x).toBe(6);
    expect(read({ run: "low", x: 6 }, { kind: "end", to: "first" })?.x).toBe(0);
    expect(read({ run: "low", x: 2 }, { kind: "move", by: -10 }, [1, 5])?.x).toBe(2);
  });

  test("goes on from a step that a zoom has taken away", () => {
    expect(read({ run: "low", x: 3 }, { kind: "move", by: 1 })?.x).toBe(4);
    expect(read({ run: "low", x: 3 }, { kind: "move", by: -1 })?.x).toBe(2);
  });

  test("changes the run by the height of its value, among those that have one there", () => {
    expect(read({ run: "low", x: 2 }, { kind: "run", by: 1 })).toEqual({ run: "high", x: 2 });
    expect(read({ run: "high", x: 2 }, { kind: "run", by: 1 })).toEqual({ run: "high", x: 2 });
    expect(read({ run: "high", x: 1 }, { kind: "run", by: -1 })?.run).toBe("low");
    expect(read({ run: "low", x: 4 }, { kind: "run", by: -1 })?.run).toBe("low");
  });

  test("says what a pointer would show", () => {
    const { en, zh } = translators;
    expect(describeReading(en, high, 1, "mlp")).toBe("mlp: 9 at step 1");
    expect(describeReading(zh, low, 4, "mlp")).toBe("mlp：NaN，第 6 步");
    const bucket = curve("b", [1500], [2], { isRaw: false, min: Float64Array.of(1), max: Float64Array.of(3) });
    expect(describeReading(en, bucket, 0, "mlp")).toBe("mlp: 2 at step 1,500, 1.000–3.000 around it");
  });
});

describe("zooming by keyboard", () => {
  test("keeps the step that is read in its place", () => {
    expect(zoomAround([0, 100], 0.5, 20)).toEqual([10, 60]);
    expect(zoomAround([10, 60], 2, 20)).toEqual([0, 100]);
    expect(zoomAround([0, 100], 0.5, NaN)).toEqual([25, 75]);
  });

  test("moves no further than there are steps", () => {
    expect(panBy([20, 60], 0.25, [0, 100])).toEqual([30, 70]);
    expect(panBy([70, 95], 0.25, [0, 100])).toEqual([75, 100]);
    expect(panBy([5, 45], -0.25, [0, 100])).toEqual([0, 40]);
    expect(panBy([5, 45], -0.25, null)).toEqual([0, 40]);
    expect(panBy([50, 90], 0.25, null)).toEqual([60, 100]);
  });
});

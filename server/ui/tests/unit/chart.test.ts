import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAt } from "../../src/chart/hover";
import { placeBeside } from "../../src/chart/placement";
import { axisMap, extentX, extentY, padY, settle, valueAt, wholeSteps, widen } from "../../src/chart/scales";
import { assignStyles, DASHES } from "../../src/theme/palette";
import { curve } from "./curve";

describe("scales", () => {
  test("fit what is finite and inside of the range", () => {
    const curves = [curve("a", [0, 1, 2, 9], [1, NaN, 3, 100]), curve("b", [5], [-2])];
    expect(extentX(curves)).toEqual([0, 9]);
    expect(extentY(curves, [0, 5], false)).toEqual([-2, 3]);
    expect(extentY(curves, [0, 5], true)).toEqual([1, 3]);
    expect(extentY([curve("a", [1], [NaN])], [0, 5], false)).toBeNull();
    expect(extentX([])).toBeNull();
  });

  test("give constants and single steps room", () => {
    expect(padY([2, 2], false)).toEqual([1.9, 2.1]);
    expect(padY([0, 0], false)).toEqual([-1, 1]);
    expect(widen([7, 7])).toEqual([6, 8]);
    const [low, high] = padY([5, 5], true);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeGreaterThan(5);
  });

  test.each([false, true])("hold every extent they are made for (log: %s)", (isLog) => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: isLog ? 1e-300 : -1e300, max: 1e300 });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const [from, to] = padY([low, high], isLog);
        expect(from).toBeLessThanOrEqual(low);
        expect(to).toBeGreaterThanOrEqual(high);
        expect(from).toBeLessThan(to);
        const map = axisMap([from, to], 100, 0, isLog);
        for (const value of [low, high]) {
          expect(map.toPixel(value)).toBeGreaterThanOrEqual(0);
          expect(map.toPixel(value)).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("are numbers up to the largest there are", () => {
    for (const range of [[-1.7e308, 1.7e308], [1.7e308, 1.7e308], [5e-324, 5e-324], [5e-324, 1.7e308]] as const) {
      for (const isLog of range[0] > 0 ? [false, true] : [false]) {
        const [from, to] = padY(range, isLog);
        expect(to - from).toBeGreaterThan(0);
        expect(to - from).toBeLessThan(Infinity);
      }
    }
  });

  test("stay while new data fits and grow when it does not", () => {
    expect(settle([0, 10], [1, 9], false)).toEqual([0, 10]);
    expect(settle([0, 10], [0, 20], false)).toEqual([0, 22]);
    expect(settle(null, [0, 1], false)).toEqual([0, 1]);
  });

  test.each([false, true])("map values to pixels and back (log: %s)", (isLog) => {
    const map = axisMap([1, 100], 0, 200, isLog);
    for (const value of [1, 10, 42, 100]) {
      expect(valueAt(map, map.toPixel(value) / 200)).toBeCloseTo(value, 8);
    }
  });

  test("round a dragged range to whole steps", () => {
    expect(wholeSteps([1.6, 1.7])).toEqual([1, 2]);
    expect(wholeSteps([-4, 3.2])).toEqual([0, 4]);
  });
});

describe("hovering", () => {
  const x = axisMap([0, 10], 0, 100, false);
  const y = axisMap([0, 10], 100, 0, false);
  const curves = [curve("low", [0, 5, 10], [1, 1, 1]), curve("high", [0, 5, 10], [9, 9, 9])];

  test("finds the nearest line first and the nearest logged point of each", () => {
    const [first, second] = readAt(curves, x, y, 48, 15, 4.8);
    expect(first?.curve.run).toBe("high");
    expect(second?.curve.run).toBe("low");
    expect(first?.index).toBe(1);
    expect(first?.distance).toBeCloseTo(5, 6);
  });

  test("leaves out curves that end far from the pointer", () => {
    const short = curve("short", [0, 1], [5, 5]);
    expect(readAt([short], x, y, 80, 50, 8)).toEqual([]);
  });

  test("reads a point whose value can't be drawn", () => {
    const [reading] = readAt([curve("odd", [0, 5, 10], [1, NaN, 1])], x, y, 50, 50, 5);
    expect(reading?.index).toBe(1);
  });

  test("keeps the tooltip inside of the window and off the pointer", () => {
    const [tip, view] = [{ width: 200, height: 100 }, { width: 800, height: 600 }];
    for (const pointer of [{ x: 5, y: 5 }, { x: 795, y: 5 }, { x: 795, y: 595 }, { x: 5, y: 595 }, { x: 400, y: 300 }]) {
      const { left, top } = placeBeside(pointer, tip, view);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(left + tip.width).toBeLessThanOrEqual(view.width);
      expect(top + tip.height).toBeLessThanOrEqual(view.height);
      const covers = left <= pointer.x && pointer.x <= left + tip.width && top <= pointer.y && pointer.y <= top + tip.height;
      expect(covers).toBe(false);
    }
  });
});

describe("colours", () => {
  test("belong to the slot, and runs of one hue get different dashes", () => {
    const runs = [0, 10, 20, 30, 3].map((slot) => ({ id: `run-${slot}`, slot }));
    const styles = assignStyles(runs);
    expect(runs.map(({ id }) => styles.get(id)?.hue)).toEqual([0, 0, 0, 0, 3]);
    expect(runs.map(({ id }) => styles.get(id)?.dash)).toEqual([0, 1, 2, 3, 0]);
    expect(DASHES).toHaveLength(4);
  });

  test("do not change when another run is taken off", () => {
    const runs = [1, 2, 3].map((slot) => ({ id: `run-${slot}`, slot }));
    const [before, after] = [assignStyles(runs), assignStyles(runs.slice(1))];
    expect(after.get("run-3")).toEqual(before.get("run-3"));
  });
});

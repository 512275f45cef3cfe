import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { padY } from "../../src/chart/scales";
import { logTicks, stepTicks, valueTicks } from "../../src/chart/ticks";
import { formatAxisPowers, formatAxisSteps, formatAxisValues } from "../../src/i18n/format";

/** What a reader takes a label for. */
function read(label: string): number {
  const unit = { k: 1e3, M: 1e6, G: 1e9 }[label.at(-1) ?? ""] ?? 1;
  const digits = label.replace(/,/g, "").replace("−", "-").replace(/[kMG]$/, "");
  return Number((Number(digits) * unit).toPrecision(15));
}

const values = (low: number, high: number, most = 4) => {
  const { values: at, exponent } = valueTicks([low, high], most);
  return { at, labels: formatAxisValues(at, exponent) };
};
/** Numbers nearer to 0 than this lie too far apart for round ones between them. */
const withoutSubnormal = (value: number) => (Math.abs(value) < 1e-290 ? 0 : value);
const steps = (low: number, high: number, most = 5) => {
  const { values: at, exponent } = stepTicks([low, high], most);
  return formatAxisSteps(at, exponent);
};

describe("labels of values", () => {
  test.each([
    [0, 1, ["0", "0.25", "0.50", "0.75", "1.00"]],
    [0.868, 0.968, ["0.875", "0.900", "0.925", "0.950"]],
    [0, 0.001, ["0", "0.00025", "0.00050", "0.00075", "0.00100"]],
    [-1, 1, ["−1.0", "−0.5", "0", "0.5", "1.0"]],
    [0, 900_000, ["0", "250,000", "500,000", "750,000"]],
    [4.75, 5.25, ["4.8", "5.0", "5.2"]],
    [0.1, 0.9, ["0.2", "0.4", "0.6", "0.8"]],
    [0, 2e6, ["0", "5e5", "1e6", "1.5e6", "2e6"]],
    [0, 2e-28, ["0", "5e-29", "1e-28", "1.5e-28", "2e-28"]],
    [999_990, 1_000_010, ["999,990", "999,995", "1,000,000", "1,000,005", "1,000,010"]],
    [-2e30, -1e30, ["−2e30", "−1.75e30", "−1.5e30", "−1.25e30", "−1e30"]],
  ])("from %d to %d are %j", (low, high, labels) => {
    expect(values(low, high).labels).toEqual(labels);
  });

  test("say exactly what their lines stand for, whatever the range", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map(withoutSubnormal);
    fc.assert(
      fc.property(number, number, fc.integer({ min: 1, max: 12 }), (a, b, most) => {
        const range = padY([Math.min(a, b), Math.max(a, b)], false);
        const { at, labels } = values(...range, most);
        expect(labels.map(read)).toEqual(at);
        expect(new Set(labels).size).toBe(labels.length);
        expect(at.length).toBeLessThanOrEqual(most + 1);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([1e-30, 1e-7, 0.004, 1, 5, 1e4, 1e30, 1e300])("are several in a range of the size %d", (size) => {
    for (const low of [0, size, -size, 17 * size]) {
      expect(values(...padY([low, low + size], false)).labels.length).toBeGreaterThanOrEqual(3);
    }
    expect(values(...padY([size, size], false)).labels.length).toBeGreaterThanOrEqual(3);
  });
});

describe("labels of a logarithmic axis", () => {
  const labels = (low: number, high: number) => formatAxisPowers(logTicks(padY([low, high], true), 152, 30).major);

  test.each([
    [5, 5, ["4", "6", "8", "10"]],
    [0.001, 100, ["0.01", "1", "100"]],
    [0.5, 0.9, ["0.5", "0.6", "0.7", "0.8", "0.9"]],
    [1e-30, 2e-28, ["1e-30", "1e-29", "1e-28"]],
    [1e30, 200e30, ["1e30", "1e31", "1e32"]],
    [3, 300, ["10", "100"]],
  ])("from %d to %d are %j", (low, high, expected) => {
    expect(labels(low, high)).toEqual(expected);
  });

  test("say exactly what their lines stand for, and are few, whatever the range", () => {
    const positive = fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-290 });
    fc.assert(
      fc.property(positive, positive, (a, b) => {
        const range = padY([Math.min(a, b), Math.max(a, b)], true);
        const { major, minor } = logTicks(range, 152, 30);
        expect(formatAxisPowers(major).map(read)).toEqual(major);
        expect(major.length).toBeGreaterThan(0);
        expect(major.length).toBeLessThanOrEqual(8);
        expect(minor.length).toBeLessThanOrEqual(60);
        for (const value of [...major, ...minor]) {
          expect(value).toBeGreaterThanOrEqual(range[0] * (1 - 1e-9));
          expect(value).toBeLessThanOrEqual(range[1] * (1 + 1e-9));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("labels of steps", () => {
  test.each([
    [0, 950, ["0", "200", "400", "600", "800"]],
    [0, 5_159, ["0", "2,000", "4,000"]],
    [0, 90_000, ["0", "20k", "40k", "60k", "80k"]],
    [0, 2_500_000, ["0", "0.5M", "1M", "1.5M", "2M", "2.5M"]],
    [7_654_320, 7_654_330, ["7,654,320", "7,654,322", "7,654,324", "7,654,326", "7,654,328", "7,654,330"]],
    [6, 8, ["6", "7", "8"]],
  ])("from %d to %d are %j", (low, high, labels) => {
    expect(steps(low, high)).toEqual(labels);
  });

  test("say exactly what their lines stand for, whatever the range", () => {
    const step = fc.integer({ min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(step, step, (a, b) => {
        fc.pre(a !== b);
        const { values: at, exponent } = stepTicks([Math.min(a, b), Math.max(a, b)], 6);
        expect(formatAxisSteps(at, exponent).map(read)).toEqual(at);
        expect(at.every(Number.isInteger)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

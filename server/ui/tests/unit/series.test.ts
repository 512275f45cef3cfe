import { describe, expect, test } from "vitest";
import type { ApiSeries } from "../../src/api/types";
import { decodeSeries } from "../../src/series/decode";
import { mergeSeries } from "../../src/series/merge";
import { METRICS_PER_REQUEST, needKey, planRequests, roundPx, type Need } from "../../src/series/plan";

const need = (run: string, metric: string, more: Partial<Need> = {}): Need => ({
  run, metric, from: null, to: null, px: 480, ...more,
});

describe("requests", () => {
  test("of panels with the same runs are one", () => {
    const needs = ["loss", "acc"].flatMap((metric) => ["a", "b"].map((run) => need(run, metric)));
    const plans = planRequests(needs);
    expect(plans).toHaveLength(1);
    expect(plans[0]?.request).toMatchObject({ runs: ["a", "b"], metrics: ["loss", "acc"], px: 480 });
  });

  test("ask for exactly what is needed, each once", () => {
    const needs = [
      need("a", "loss"), need("b", "loss"), need("a", "acc"), need("c", "lr", { from: 5, to: 9 }),
      ...Array.from({ length: 30 }, (_, i) => need("a", `m${String(i)}`)),
      ...Array.from({ length: 70 }, (_, i) => need(`r${String(i)}`, "wide")),
    ];
    const asked = planRequests(needs).flatMap(({ needs: some, request }) => {
      expect(request.metrics.length).toBeLessThanOrEqual(METRICS_PER_REQUEST);
      expect(request.runs.length).toBeLessThanOrEqual(64);
      expect(some).toHaveLength(request.runs.length * request.metrics.length);
      return some.map(needKey);
    });
    expect(asked.sort()).toEqual(needs.map(needKey).sort());
  });

  test("use few widths, none that the server refuses", () => {
    expect([1, 470, 500, 99_999].map(roundPx)).toEqual([128, 448, 512, 2048]);
  });
});

type Raw = Extract<ApiSeries, { form: "raw" }>;
type Bucket = Extract<ApiSeries, { form: "bucket" }>;

const raw = (x: number[], y: (number | null)[], more: Partial<Raw> = {}): Raw => ({
  form: "raw", run: "a", metric: "loss", n: x.length, n_range: x.length, x, y,
  nonfinite: [], attempts: [[0, 1]], le0: 0, cursor: "c", is_delta: false, ...more,
});

const bucket = (b: number[], last: number[], more: Partial<Bucket> = {}): Bucket => ({
  form: "bucket", run: "a", metric: "loss", n: 100, n_range: 100, unit: 4, level: 2, b,
  x: b.map((i) => 4 * i + 3), first: last, last, min: last, max: last, cnt: b.map(() => 4),
  nonfinite: [], attempts: [[0, 1]], le0: 0, cursor: "c", is_delta: false, ...more,
});

describe("what is new since a cursor", () => {
  test("goes behind raw points, with its marks moved along", () => {
    const news = raw([3, 4], [null, 2], { nonfinite: [[0, "nan", 1]], n: 4, n_range: 4, is_delta: true });
    expect(mergeSeries(raw([1, 2], [1, 1]), news)).toMatchObject({
      x: [1, 2, 3, 4], y: [1, 1, null, 2], nonfinite: [[2, "nan", 1]], attempts: [[0, 1]], n: 4, is_delta: false,
    });
  });

  test("replaces the last bucket when that has grown", () => {
    const merged = mergeSeries(bucket([0, 1], [1, 2]), bucket([1, 2], [20, 30], { is_delta: true }));
    expect(merged).toMatchObject({ b: [0, 1, 2], last: [1, 20, 30] });
  });

  test("that lies before the end is no continuation, so all is asked anew", () => {
    expect(mergeSeries(raw([1, 5], [1, 1]), raw([3], [9], { is_delta: true }))).toBeNull();
    expect(mergeSeries(bucket([0, 1, 2], [1, 2, 3]), bucket([1], [9], { is_delta: true }))).toBeNull();
  });

  test("of another form or width does not fit", () => {
    expect(mergeSeries(raw([1], [1]), bucket([1], [1], { is_delta: true }))).toBeNull();
    expect(mergeSeries(bucket([1], [1]), bucket([2], [1], { level: 3, is_delta: true }))).toBeNull();
  });

  test("that is nothing changes nothing", () => {
    expect(mergeSeries(bucket([0, 1], [1, 2]), bucket([], [], { is_delta: true }))).toMatchObject({ b: [0, 1], last: [1, 2] });
  });

  test("is the whole where it is no delta", () => {
    const whole = raw([1], [1]);
    expect(mergeSeries(bucket([1], [1]), whole)).toBe(whole);
  });
});

describe("answers", () => {
  test("become typed arrays with NaN where nothing can be drawn", () => {
    const curve = decodeSeries(raw([1, 2], [null, 5], { nonfinite: [[0, "inf", 1]] }));
    expect([...(curve?.y ?? [])]).toEqual([NaN, 5]);
    expect(curve?.nonfinite).toEqual([{ x: 1, kind: "inf", count: 1 }]);
  });

  test("of a metric that the run lacks are nothing", () => {
    expect(decodeSeries({ form: "missing", run: "a", metric: "loss" })).toBeNull();
  });
});

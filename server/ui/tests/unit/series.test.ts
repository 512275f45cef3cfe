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
  x: b.map((i) => 4 * i + 3), x_start: 4 * (b[0] ?? 0) + 1, x_peak: 4 * (b.at(-1) ?? 0) + 3, first: last, last, min: last, max: last, cnt: b.map(() => 4),
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

  test("moves neither the start nor the peak, unless it holds a higher value", () => {
    const old = bucket([0, 1], [5, 2]);
    const [lower, higher] = [4, 6].map((value) => mergeSeries(old, bucket([2], [value], { is_delta: true })));
    expect(lower).toMatchObject({ x_start: 1, x_peak: old.x_peak });
    expect(higher).toMatchObject({ x_start: 1, x_peak: 11 });
    expect(mergeSeries(bucket([0], [5]), bucket([0], [6], { x_start: 2, is_delta: true }))).toMatchObject({ x_start: 2 });
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

  test("in buckets begin at the very first value, and know the step of the highest", () => {
    const curve = decodeSeries(
      bucket([0, 1], [2, 3], {
        first: [9, 2], max: [9, 8], x_start: 1, x_peak: 2, attempts: [[0, 1], [1, 2]], nonfinite: [[1, "nan", 2]],
      }),
    );
    expect([...(curve?.x ?? [])]).toEqual([1, 3, 7]);
    expect([...(curve?.y ?? [])]).toEqual([9, 2, 3]);
    expect([...(curve?.max ?? [])]).toEqual([9, 9, 8]);
    expect(curve).toMatchObject({
      nBuckets: 2, peak: { value: 9, x: 2 }, attempts: [[0, 1], [2, 2]], nonfinite: [{ x: 7, kind: "nan", count: 2 }],
    });
  });

  test("in buckets of one point are not drawn twice, and without a value they have no peak", () => {
    const odd = { first: [null], last: [null], min: [null], max: [null], x_start: 3, x_peak: null };
    const curve = decodeSeries(bucket([0], [1], odd));
    expect([...(curve?.x ?? [])]).toEqual([3]);
    expect(curve?.peak).toBeNull();
  });

  test("of every point know their peak too", () => {
    expect(decodeSeries(raw([1, 2, 3], [null, 5, 5]))?.peak).toEqual({ value: 5, x: 2 });
    expect(decodeSeries(raw([1], [null]))?.peak).toBeNull();
  });

  test("of a metric that the run lacks are nothing", () => {
    expect(decodeSeries({ form: "missing", run: "a", metric: "loss" })).toBeNull();
  });
});

import type { ApiSeries, BucketSeries, RawSeries } from "../api/types";
import type { Curve } from "./types";

function floats(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values, (value) => value ?? NaN);
}

type Marks = RawSeries["nonfinite"];

function marks(nonfinite: Marks, x: Float64Array): Curve["nonfinite"] {
  return nonfinite.map(([index, kind, count]) => ({ x: x[index] ?? NaN, kind: kind, count }));
}

function highest(values: Float64Array): number {
  let at = -1;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? NaN;
    if (value > (at < 0 ? -Infinity : (values[at] ?? NaN))) at = i;
  }
  return at;
}

function decodeRaw(series: RawSeries): Curve {
  const x = floats(series.x);
  const y = floats(series.y);
  const top = highest(y);
  return {
    run: series.run,
    metric: series.metric,
    isRaw: true,
    x,
    y,
    min: y,
    max: y,
    nPoints: series.n_range,
    nBuckets: 0,
    peak: top < 0 ? null : { value: y[top] ?? NaN, x: x[top] ?? NaN },
    attempts: series.attempts.map(([index, attempt]) => [index, attempt] as const),
    nonfinite: marks(series.nonfinite, x),
    le0: series.le0,
  };
}

/**
 * Buckets are drawn at the steps of their last values, so the line would begin late by up to one
 * bucket: its very first value is put in front.
 */
function decodeBuckets(series: BucketSeries): Curve {
  const ends = floats(series.x);
  const start = series.x_start ?? NaN;
  const n = start < (ends[0] ?? NaN) ? 1 : 0;
  const begin = n > 0 ? [series.first[0] ?? null] : [];
  const max = floats([...begin, ...series.max]);
  const top = highest(max);
  return {
    run: series.run,
    metric: series.metric,
    isRaw: false,
    x: floats(n > 0 ? [start, ...series.x] : series.x),
    y: floats([...begin, ...series.last]),
    min: floats([...begin, ...series.min]),
    max,
    nPoints: series.n_range,
    nBuckets: series.b.length,
    peak: top < 0 || series.x_peak === null ? null : { value: max[top] ?? NaN, x: series.x_peak },
    attempts: series.attempts.map(([index, attempt]) => [index === 0 ? 0 : index + n, attempt] as const),
    nonfinite: marks(series.nonfinite, ends),
    le0: series.le0,
  };
}

/** Make a curve from an entry of an answer; `null` where the run has no such metric. */
export function decodeSeries(series: ApiSeries): Curve | null {
  if (series.form === "missing") return null;
  return series.form === "raw" ? decodeRaw(series) : decodeBuckets(series);
}

/** Memory that a curve takes `[bytes]`. */
export function curveBytes(curve: Curve | null): number {
  return curve ? 200 + 8 * curve.x.length * (curve.isRaw ? 2 : 4) : 100;
}

import type { ApiSeries, BucketSeries, RawSeries } from "../api/types";
import type { Curve } from "./types";

function floats(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values, (value) => value ?? NaN);
}

type Marks = RawSeries["nonfinite"];

function marks(nonfinite: Marks, x: Float64Array): Curve["nonfinite"] {
  return nonfinite.map(([index, kind, count]) => ({ x: x[index] ?? NaN, kind: kind, count }));
}

function pairs(attempts: RawSeries["attempts"]): Curve["attempts"] {
  return attempts.map(([index, attempt]) => [index, attempt] as const);
}

function decodeRaw(series: RawSeries): Curve {
  const x = floats(series.x);
  const y = floats(series.y);
  return {
    run: series.run,
    metric: series.metric,
    isRaw: true,
    x,
    y,
    min: y,
    max: y,
    nPoints: series.n_range,
    attempts: pairs(series.attempts),
    nonfinite: marks(series.nonfinite, x),
    le0: series.le0,
  };
}

function decodeBuckets(series: BucketSeries): Curve {
  const x = floats(series.x);
  return {
    run: series.run,
    metric: series.metric,
    isRaw: false,
    x,
    y: floats(series.last),
    min: floats(series.min),
    max: floats(series.max),
    nPoints: series.n_range,
    attempts: pairs(series.attempts),
    nonfinite: marks(series.nonfinite, x),
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

import type { Curve } from "../../src/series/types";

/** A curve of every logged point, unless told otherwise. */
export function curve(run: string, x: number[], y: number[], more: Partial<Curve> = {}): Curve {
  const values = Float64Array.from(y);
  const top = Math.max(...y.filter(Number.isFinite));
  return {
    run, metric: "loss", isRaw: true, x: Float64Array.from(x), y: values, min: values, max: values,
    nPoints: x.length, nBuckets: 0, peak: Number.isFinite(top) ? { value: top, x: x[y.indexOf(top)] ?? NaN } : null,
    attempts: [[0, 1]], nonfinite: [], le0: 0, ...more,
  };
}

import type { ApiSeries, BucketSeries, RawSeries } from "../api/types";

type Indexed = readonly (readonly [number, ...unknown[]])[];

function shift<T extends Indexed>(marks: T, by: number): T {
  return marks.map(([index, ...rest]) => [index + by, ...rest]) as unknown as T;
}

/** Attempts of the delta repeat the running one as their first entry. */
function joinAttempts(old: RawSeries["attempts"], added: RawSeries["attempts"]): RawSeries["attempts"] {
  const current = old.at(-1)?.[1];
  return [...old, ...added.filter(([, attempt]) => attempt !== current)];
}

function mergeRaw(old: RawSeries, delta: RawSeries): RawSeries {
  const by = old.x.length;
  return {
    ...delta,
    x: [...old.x, ...delta.x],
    y: [...old.y, ...delta.y],
    nonfinite: [...old.nonfinite, ...shift(delta.nonfinite, by)],
    attempts: joinAttempts(old.attempts, shift(delta.attempts, by)),
    is_delta: false,
  };
}

function mergeBuckets(old: BucketSeries, delta: BucketSeries): BucketSeries {
  // The last old bucket may come again with more points in it; everything after it is new.
  const keep = old.b.at(-1) === delta.b[0] ? old.b.length - 1 : old.b.length;
  const top = (values: readonly (number | null)[]) => values.reduce<number>((most, v) => Math.max(most, v ?? -Infinity), -Infinity);
  const join = <T>(a: readonly T[], b: readonly T[]): T[] => [...a.slice(0, keep), ...b];
  return {
    ...delta,
    b: join(old.b, delta.b),
    x: join(old.x, delta.x),
    x_start: keep > 0 ? old.x_start : (delta.x_start ?? old.x_start),
    x_peak: top(delta.max) > top(old.max) ? delta.x_peak : old.x_peak,
    first: join(old.first, delta.first),
    last: join(old.last, delta.last),
    min: join(old.min, delta.min),
    max: join(old.max, delta.max),
    cnt: join(old.cnt, delta.cnt),
    nonfinite: [...old.nonfinite.filter(([i]) => i < keep), ...shift(delta.nonfinite, keep)],
    attempts: joinAttempts(
      old.attempts.filter(([i]) => i < keep),
      shift(delta.attempts, keep),
    ),
    is_delta: false,
  };
}

/** Whether nothing new lies before the end of what we have: a run may log at earlier steps again. */
function isBehind(added: readonly number[], old: readonly number[]): boolean {
  return (added[0] ?? Infinity) >= (old.at(-1) ?? -Infinity);
}

/** Put what is new since a cursor behind what we have; `null` when the two don't fit together. */
export function mergeSeries(old: ApiSeries, delta: ApiSeries): ApiSeries | null {
  if (delta.form === "missing" || !delta.is_delta) return delta;
  if (old.form === "raw" && delta.form === "raw") {
    return isBehind(delta.x, old.x) ? mergeRaw(old, delta) : null;
  }
  if (old.form === "bucket" && delta.form === "bucket" && old.level === delta.level) {
    return isBehind(delta.b, old.b) ? mergeBuckets(old, delta) : null;
  }
  return null;
}

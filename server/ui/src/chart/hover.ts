import { createStore } from "../lib/store";
import type { Curve } from "../series/types";
import type { AxisMap } from "./scales";
import { strokes } from "./painter";

export type Hover = {
  /** Panel under the pointer; `null` when the pointer is on the run list. */
  panel: string | null;
  run: string | null;
  /** Step under the pointer. */
  x: number | null;
};

export const NO_HOVER: Hover = { panel: null, run: null, x: null };

/** What the pointer is on. Painters watch this; React never renders because of it. */
export const hoverBus = createStore<Hover>(NO_HOVER);

export function setHover(next: Hover): void {
  const old = hoverBus.get();
  if (old.panel !== next.panel || old.run !== next.run || old.x !== next.x) hoverBus.set(next);
}

/** Position of the last value ≤ `x` in the sorted part [from, to); `from - 1` when all are greater. */
export function positionOf(xs: Float64Array, x: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export type Reading = {
  curve: Curve;
  /** Position of the logged point that is nearest in x. */
  index: number;
  /** Distance from the pointer to the line `[px]`. */
  distance: number;
};

/** A curve is out of reach when the pointer is further beside its end than this `[px]`. */
const REACH = 24;

function readPiece(
  curve: Curve,
  from: number,
  to: number,
  at: { px: number; py: number; step: number },
  x: AxisMap,
  y: AxisMap,
): Reading | null {
  const left = Math.max(from, positionOf(curve.x, at.step, from, to));
  const right = Math.min(to - 1, left + 1);
  const [xl, xr] = [x.toPixel(curve.x[left] ?? NaN), x.toPixel(curve.x[right] ?? NaN)];
  const index = Math.abs(at.px - xl) <= Math.abs(xr - at.px) ? left : right;
  const beside = Math.max(xl - at.px, at.px - xr, 0);
  if (!(beside <= REACH)) return null;
  const [yl, yr] = [y.toPixel(curve.y[left] ?? NaN), y.toPixel(curve.y[right] ?? NaN)];
  const part = xr > xl ? Math.min(1, Math.max(0, (at.px - xl) / (xr - xl))) : 0;
  const onLine = yl + (yr - yl) * part;
  const height = Number.isFinite(onLine) ? onLine : index === left ? yl : yr;
  const distance = Math.hypot(Math.abs(height - at.py), beside);
  return { curve, index, distance: Number.isFinite(distance) ? distance : Infinity };
}

/** The readings of all curves at the pointer, nearest line first. */
export function readAt(
  curves: readonly Curve[],
  x: AxisMap,
  y: AxisMap,
  px: number,
  py: number,
  step: number,
): Reading[] {
  const readings: Reading[] = [];
  for (const curve of curves) {
    let best: Reading | null = null;
    for (const { from, to } of strokes(curve)) {
      if (to <= from) continue;
      const reading = readPiece(curve, from, to, { px, py, step }, x, y);
      if (reading && (!best || reading.distance < best.distance)) best = reading;
    }
    if (best) readings.push(best);
  }
  return readings.sort((a, b) => a.distance - b.distance);
}

/** The attempt that a point belongs to, and whether a later one exists. */
export function attemptAt(curve: Curve, index: number): { attempt: number; isCurrent: boolean } {
  let found = 0;
  curve.attempts.forEach(([start], i) => {
    if (start <= index) found = i;
  });
  return { attempt: curve.attempts[found]?.[1] ?? 1, isCurrent: found >= curve.attempts.length - 1 };
}

import type { Range } from "../view/codec";
import type { Curve } from "../series/types";

/** Free room above and below the data, as a part of its span. */
const PADDING = 0.06;

export type AxisMap = { min: number; max: number; isLog: boolean; toPixel: (value: number) => number };

/** First and last step of all curves. */
export function extentX(curves: readonly Curve[]): Range | null {
  let min = Infinity;
  let max = -Infinity;
  for (const { x } of curves) {
    // Attempts may go back in steps, so the ends of the array are not always the extremes.
    for (const value of x) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? [min, max] : null;
}

/** An x range that can be drawn: one single step gets room on both sides. */
export function widen([from, to]: Range): Range {
  return from < to ? [from, to] : [from - 1, to + 1];
}

/** Lowest and highest value to show within a range of steps; only positive ones on a log axis. */
export function extentY(curves: readonly Curve[], [from, to]: Range, isLog: boolean): Range | null {
  const floor = isLog ? 0 : -Infinity;
  let low = Infinity;
  let high = -Infinity;
  for (const { x, min, max, y } of curves) {
    for (let i = 0; i < x.length; i += 1) {
      const step = x[i] ?? NaN;
      if (!(step >= from && step <= to)) continue;
      const bottom = min[i] ?? NaN;
      const top = max[i] ?? NaN;
      // A bucket that reaches below zero may still end above it.
      const lowest = bottom > floor ? bottom : (y[i] ?? NaN);
      if (lowest > floor && lowest < low) low = lowest;
      if (top > floor && top > high) high = top;
    }
  }
  return low <= high ? [low, high] : null;
}

/** Values that differ only in their last bits are a constant too: no axis could label them. */
const SAME = 1e-12;
const MOST = Number.MAX_VALUE;

function padLog([low, high]: Range): Range {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const room = to - from <= SAME ? Math.log10(2) : (to - from) * PADDING;
  return [Math.max(Number.MIN_VALUE, 10 ** (from - room)), Math.min(MOST, 10 ** (to + room))];
}

/** The y range for an extent, with room around it; a constant gets ± 5 %, zero gets ± 1. */
export function padY([low, high]: Range, isLog: boolean): Range {
  if (isLog) return padLog([low, high]);
  const span = high - low;
  const isConstant = span <= Math.max(Math.abs(low), Math.abs(high)) * SAME;
  const room = !isConstant ? span * PADDING : low === 0 ? 1 : Math.max(Math.abs(low) * 0.05, 1e-300);
  const padded = [Math.max(-MOST, low - room), Math.min(MOST, high + room)] as const;
  // The span of a range has to be a number as well.
  return padded[1] - padded[0] < Infinity ? padded : [-MOST / 2, MOST / 2];
}

/**
 * Let a range grow in steps, so that an axis doesn't breathe while a run is live.
 *
 * The old range stays as long as it holds the new one and is not much too big; else it grows by a
 * tenth more than needed on the side that moved.
 */
export function settle(old: Range | null, next: Range, isLog: boolean): Range {
  if (!old || isLog) return next;
  const [low, high] = next;
  const span = high - low;
  const holds = old[0] <= low && old[1] >= high;
  if (holds && old[1] - old[0] <= span * 1.5) return old;
  if (old[1] - old[0] > span * 1.5) return next;
  return [low < old[0] ? low - span * 0.1 : old[0], high > old[1] ? high + span * 0.1 : old[1]];
}

/** Map values of an axis to pixels; `start` is where `min` lies, `end` where `max` does. */
export function axisMap([min, max]: Range, start: number, end: number, isLog: boolean): AxisMap {
  const f = isLog ? Math.log10 : (value: number) => value;
  const base = f(min);
  const span = f(max) - base;
  const length = end - start;
  // Divided first: a factor of pixels per value would overflow for the smallest spans.
  return { min, max, isLog, toPixel: (value) => start + ((f(value) - base) / span) * length };
}

/** The value at a place of an axis, 0 at its start and 1 at its end. */
export function valueAt({ min, max, isLog }: AxisMap, fraction: number): number {
  if (!isLog) return min + (max - min) * fraction;
  return 10 ** (Math.log10(min) + (Math.log10(max) - Math.log10(min)) * fraction);
}

/** Round a dragged range to whole steps, at least one step wide. */
export function wholeSteps([from, to]: Range): Range {
  const low = Math.max(0, Math.floor(from));
  return [low, Math.max(low + 1, Math.ceil(to))];
}

/** The range after zooming by a factor, 2 shows twice as much, with a step staying where it is. */
export function zoomAround([from, to]: Range, factor: number, step: number): Range {
  const held = step >= from && step <= to ? step : (from + to) / 2;
  return wholeSteps([held - (held - from) * factor, held + (to - held) * factor]);
}

/** The range moved by a part of its width, inside of the full one where that is known. */
export function panBy([from, to]: Range, part: number, full: Range | null): Range {
  const width = to - from;
  const low = Math.max(Math.min(from, full?.[0] ?? 0), from + width * part);
  const start = full ? Math.min(low, Math.max(from, full[1] - width)) : low;
  return wholeSteps([Math.round(start), Math.round(start) + width]);
}

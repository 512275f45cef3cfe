import { formatAxisPowers, formatAxisSteps, formatAxisValues } from "../i18n/format";
import type { Range } from "../view/codec";
import { logTicks, stepTicks, valueTicks } from "./ticks";

export const AXIS_FONT = '11px ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif';
/** Least distance between the labels of an axis `[px]`. */
const X_SPACE = 48;
const Y_SPACE = 30;
/** Room to the right of the plot `[px]`. */
export const X_END = 10;
/** Free room between two step labels `[px]`. */
const X_ROOM = 14;

/** A line of an axis; `null` has no label. */
export type Labelled = { value: number; label: string | null };

let ruler: CanvasRenderingContext2D | null = null;

/** Width of the widest label `[px]`. */
export function widest(labels: readonly (string | null)[]): number {
  ruler ??= document.createElement("canvas").getContext("2d");
  if (!ruler) return 0;
  ruler.font = AXIS_FONT;
  let most = 0;
  for (const label of labels) if (label !== null) most = Math.max(most, ruler.measureText(label).width);
  return Math.ceil(most);
}

function pair(values: readonly number[], labels: readonly string[]): Labelled[] {
  return values.map((value, i) => ({ value, label: labels[i] ?? null }));
}

/** Steps along an axis of some length `[px]`, as many as have room for their labels. */
export function xLabels(range: Range, length: number): Labelled[] {
  for (let space = X_SPACE; space < length; space *= 1.25) {
    const { values, exponent } = stepTicks(range, length / space);
    const labels = formatAxisSteps(values, exponent);
    const distance = ((values[1] ?? Infinity) - (values[0] ?? 0)) * (length / (range[1] - range[0]));
    if (widest(labels) + X_ROOM > distance) continue;
    const place = (value: number) => ((value - range[0]) / (range[1] - range[0])) * length;
    // A label that would be cut at the right edge is left out; its line stays.
    return pair(values, labels).map(({ value, label }) =>
      place(value) + widest([label]) / 2 > length + X_END ? { value, label: null } : { value, label },
    );
  }
  return [];
}

/** Values along an axis of some length `[px]`. */
export function yLabels(y: Range | null, isLog: boolean, length: number): Labelled[] {
  if (!y) return [];
  if (!isLog) {
    const { values, exponent } = valueTicks(y, length / Y_SPACE);
    return pair(values, formatAxisValues(values, exponent));
  }
  const { major, minor } = logTicks(y, length, Y_SPACE);
  return [...pair(major, formatAxisPowers(major)), ...minor.map((value) => ({ value, label: null }))];
}


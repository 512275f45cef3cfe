import type { Curve } from "../series/types";
import type { Range } from "../view/codec";
import { positionOf } from "./hover";
import type { ChartAction } from "./keys";

/** A point that is read by keyboard. The step is kept, not its place: live curves grow under it. */
export type Cursor = { run: string; x: number };

/** A run whose ends are further away than this part of the range has no value at a step. */
const REACH = 0.02;

/** The point of the newest attempt that is nearest to a step. */
export function nearestIndex(curve: Curve, step: number): number {
  const from = curve.attempts.at(-1)?.[0] ?? 0;
  const left = Math.max(from, positionOf(curve.x, step, from, curve.x.length));
  const right = Math.min(curve.x.length - 1, left + 1);
  const isRightNearer = Math.abs((curve.x[right] ?? Infinity) - step) < Math.abs((curve.x[left] ?? Infinity) - step);
  return isRightNearer ? right : left;
}

/** Steps of a curve inside of a range, each once. */
function stepsIn({ x }: Curve, [from, to]: Range): number[] {
  return [...new Set(x)].filter((step) => step >= from && step <= to);
}

function at(curve: Curve | undefined, step: number | undefined): Cursor | null {
  return curve && step !== undefined ? { run: curve.run, x: step } : null;
}

/** Where one who starts to read begins: at the first curve that has something to read. */
function start(curves: readonly Curve[], range: Range, end: "first" | "last"): Cursor | null {
  const curve = curves.find((candidate) => stepsIn(candidate, range).length > 0);
  return at(curve, curve && stepsIn(curve, range).at(end === "first" ? 0 : -1));
}

function move(curve: Curve, range: Range, x: number, by: number): Cursor | null {
  const steps = stepsIn(curve, range);
  const here = steps.findIndex((step) => step >= x);
  const place = here < 0 ? steps.length : here;
  // A zoom may have put other steps into the place of the one that was read: the next is a neighbour too.
  const isBetween = steps[place] !== x && by > 0;
  return at(curve, steps[Math.max(0, Math.min(steps.length - 1, place + by - (isBetween ? 1 : 0)))]);
}

/** The curves that have a value at a step, highest first; those without a finite one come last. */
function ranked(curves: readonly Curve[], [from, to]: Range, x: number): Curve[] {
  const reach = (to - from) * REACH;
  const value = (curve: Curve) => {
    const found = curve.y[nearestIndex(curve, x)] ?? NaN;
    return Number.isFinite(found) ? found : -Infinity;
  };
  return curves
    .filter(({ x: steps }) => (steps[0] ?? Infinity) - reach <= x && (steps.at(-1) ?? -Infinity) + reach >= x)
    .sort((a, b) => value(b) - value(a));
}

function change(curves: readonly Curve[], range: Range, { run, x }: Cursor, by: 1 | -1): Cursor | null {
  const order = ranked(curves, range, x);
  const here = order.findIndex((curve) => curve.run === run);
  const next = order[Math.max(0, Math.min(order.length - 1, here - by))];
  return at(next, next?.x[nearestIndex(next, x)]);
}

/** The point that is read after an action, `null` when there is none to read. */
export function moveCursor(
  curves: readonly Curve[],
  range: Range,
  cursor: Cursor | null,
  action: Extract<ChartAction, { kind: "move" | "end" | "run" }>,
): Cursor | null {
  const curve = curves.find(({ run }) => run === cursor?.run);
  const isInside = cursor !== null && cursor.x >= range[0] && cursor.x <= range[1];
  if (!curve || !isInside) {
    const isForward = action.kind === "move" ? action.by > 0 : action.kind === "end" && action.to === "first";
    return start(curves, range, isForward ? "first" : "last");
  }
  if (action.kind === "move") return move(curve, range, cursor.x, action.by);
  if (action.kind === "end") return at(curve, stepsIn(curve, range).at(action.to === "first" ? 0 : -1));
  return change(curves, range, cursor, action.by);
}

import { groupDigits, type Lang, type Translate } from "../i18n";
import { digitsFor, formatMetric } from "../i18n/format";
import type { Curve } from "../series/types";
import { attemptAt, type Reading } from "./hover";

/** More rows than this would hide the chart. */
const ROWS = 8;
const ODD = { nan: NaN, inf: Infinity, "-inf": -Infinity } as const;

export type TipRow = { run: string; name: string; notes: string[]; value: string };

export type TipContent = {
  /** The step of the nearest line's point. */
  head: string;
  rows: TipRow[];
  /** Runs that found no room. */
  more: string | null;
};

/** The value of a point; the series itself has a gap where it is not finite. */
export function valueOf(curve: Curve, index: number): number {
  const value = curve.y[index] ?? NaN;
  if (Number.isFinite(value)) return value;
  const mark = curve.nonfinite.find(({ x }) => x === curve.x[index]);
  return mark ? ODD[mark.kind] : NaN;
}

/** Lowest and highest value of a bucket; nothing where one point stands alone. */
export function bandOf({ isRaw, min, max }: Curve, index: number): string | null {
  const [low, high] = [min[index] ?? NaN, max[index] ?? NaN];
  return !isRaw && low < high ? `${formatMetric(low)}–${formatMetric(high)}` : null;
}

/**
 * What a tooltip says of the points under the pointer, nearest line first.
 *
 * Runs log at steps of their own, so a point that is not of the heading's step says which it is of.
 */
export function tipContent(
  readings: readonly Reading[],
  names: ReadonlyMap<string, string>,
  t: Translate,
  language: Lang,
): TipContent | null {
  const [focused] = readings;
  if (!focused) return null;
  const step = ({ curve, index }: Reading) => curve.x[index] ?? 0;
  const shown = readings.slice(0, ROWS);
  const digits = digitsFor(shown.map(({ curve, index }) => curve.y[index] ?? null));
  const notes = (reading: Reading) => {
    const { attempt, isCurrent } = attemptAt(reading.curve, reading.index);
    return [
      isCurrent ? null : t("panel.attempt", { n: attempt }),
      step(reading) === step(focused) ? null : t("panel.at_step", { step: step(reading) }),
      reading === focused ? bandOf(reading.curve, reading.index) : null,
    ].filter((note) => note !== null);
  };
  const rest = readings.length - shown.length;
  return {
    head: `${t("panel.step")} ${groupDigits(step(focused), language)}`,
    rows: shown.map((reading) => ({
      run: reading.curve.run,
      name: names.get(reading.curve.run) ?? reading.curve.run,
      notes: notes(reading),
      value: formatMetric(valueOf(reading.curve, reading.index), digits),
    })),
    more: rest > 0 ? `+${t("panel.more", { n: rest })}` : null,
  };
}

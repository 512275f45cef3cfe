import type { Translate } from "../i18n";
import { formatExact, formatMetric } from "../i18n/format";
import type { Curve } from "../series/types";
import { bandOf, valueOf } from "./tip-rows";

/** The curve with the highest value of all. */
function highest(curves: readonly Curve[]): { run: string; value: number; x: number } | null {
  let found: ReturnType<typeof highest> = null;
  for (const { run, peak } of curves) {
    if (peak && (!found || peak.value > found.value)) found = { run, ...peak };
  }
  return found;
}

export function countNonFinite(curves: readonly Curve[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, count } of curves.flatMap((curve) => curve.nonfinite)) {
    counts.set(kind, (counts.get(kind) ?? 0) + count);
  }
  return counts;
}

/** What a chart shows in one sentence, for readers who can't see it. */
export function describeChart(
  t: Translate,
  metric: string,
  curves: readonly Curve[],
  range: readonly [number, number] | null,
  names: ReadonlyMap<string, string>,
): string {
  const peak = highest(curves);
  if (!range) return t("panel.sentence_empty", { metric });
  const shared = { metric, runs: t("panel.runs", { n: curves.length }), from: range[0], to: range[1] };
  const sentence = peak
    ? t("panel.sentence", {
        ...shared,
        max: formatMetric(peak.value),
        who: names.get(peak.run) ?? peak.run,
        at: peak.x,
      })
    : t("panel.sentence_odd", shared);
  const odd = [...countNonFinite(curves).values()].reduce((a, b) => a + b, 0);
  return peak && odd > 0 ? `${sentence}; ${t("panel.sentence_nonfinite", { n: odd })}` : sentence;
}

/** One point, for whoever reads a chart by keyboard. */
export function describeReading(t: Translate, curve: Curve, index: number, who: string): string {
  const band = bandOf(curve, index);
  const values = { who, value: formatExact(valueOf(curve, index)), step: curve.x[index] ?? 0 };
  return band === null ? t("panel.reading", values) : t("panel.reading_band", { ...values, band });
}

/** Why a chart shows no line although there are points. */
export function describeEmpty(t: Translate, curves: readonly Curve[], isLog: boolean): string {
  if (curves.every((curve) => curve.nPoints === 0)) return t("panel.no_points");
  return t(isLog && curves.some((curve) => curve.le0 > 0) ? "panel.none_positive" : "panel.none_finite");
}

/** How many logged points stand behind the lines, in the panel's footer. */
export function describePoints(t: Translate, curves: readonly Curve[]): string {
  const points = curves.reduce((sum, curve) => sum + curve.nPoints, 0);
  if (curves.every((curve) => curve.isRaw)) return t("panel.raw", { n: points });
  const buckets = Math.max(...curves.map((curve) => curve.nBuckets));
  return t("panel.buckets", { points, n: buckets });
}

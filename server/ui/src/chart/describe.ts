import type { Translate } from "../i18n";
import { formatMetric } from "../i18n/format";
import type { Curve } from "../series/types";

type Peak = { value: number; run: string; x: number };

function highest(curves: readonly Curve[]): Peak | null {
  let peak: Peak | null = null;
  for (const { run, x, max } of curves) {
    for (let i = 0; i < x.length; i += 1) {
      const value = max[i] ?? NaN;
      if (Number.isFinite(value) && (!peak || value > peak.value)) peak = { value, run, x: x[i] ?? 0 };
    }
  }
  return peak;
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
  if (!peak || !range) return t("panel.sentence_empty", { metric });
  const sentence = t("panel.sentence", {
    metric,
    runs: t("panel.runs", { n: curves.length }),
    from: range[0],
    to: range[1],
    max: formatMetric(peak.value),
    who: names.get(peak.run) ?? peak.run,
    at: peak.x,
  });
  const odd = [...countNonFinite(curves).values()].reduce((a, b) => a + b, 0);
  return odd > 0 ? `${sentence}; ${t("panel.sentence_nonfinite", { n: odd })}` : sentence;
}

/** How many logged points stand behind the lines, in the panel's footer. */
export function describePoints(t: Translate, curves: readonly Curve[]): string {
  const points = curves.reduce((sum, curve) => sum + curve.nPoints, 0);
  if (curves.every((curve) => curve.isRaw)) return t("panel.raw", { n: points });
  const buckets = Math.max(...curves.map((curve) => (curve.isRaw ? 0 : curve.x.length)));
  return t("panel.buckets", { points, n: buckets });
}

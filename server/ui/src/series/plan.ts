import type { SeriesRequest } from "../api/types";
import type { Want } from "./types";

/** More metrics than this go into the next request, so that the first panels are drawn early. */
export const METRICS_PER_REQUEST = 12;
/** What the server takes at most. */
export const RUNS_PER_REQUEST = 64;

/** One series that has to be fetched. */
export type Need = { run: string; metric: string; from: number | null; to: number | null; px: number };

export function needKey({ run, metric, from, to, px }: Need): string {
  return [run, metric, from ?? "", to ?? "", px].join("\u0000");
}

/** The plot width to ask for: few different widths, so that panels share answers. */
export function roundPx(devicePixels: number): number {
  return Math.min(2_048, Math.max(128, Math.round(devicePixels / 64) * 64));
}

export function needsOf({ metric, runs, from, to, px }: Want): Need[] {
  return runs.map((run) => ({ run, metric, from, to, px }));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let i = 0; i < items.length; i += size) result.push(items.slice(i, i + size));
  return result;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

/** Metrics that need the very same runs, in the order in which they were asked for. */
function sameRuns(needs: readonly Need[]): { runs: string[]; metrics: string[] }[] {
  const perMetric = groupBy(needs, (need) => need.metric).map((group) => ({
    metric: group[0]?.metric ?? "",
    runs: group.map((need) => need.run),
  }));
  return groupBy(perMetric, ({ runs }) => runs.join("\u0000")).map((group) => ({
    runs: group[0]?.runs ?? [],
    metrics: group.map(({ metric }) => metric),
  }));
}

/**
 * Put many needs into few requests.
 *
 * Every request is a full cross product of runs and metrics, so nothing is asked for that nobody
 * needs; the usual case, panels with the same runs and range, is a single request.
 */
export function planRequests(needs: readonly Need[]): { request: SeriesRequest; needs: Need[] }[] {
  const ranges = groupBy(needs, ({ from, to, px }) => `${from ?? ""}..${to ?? ""}@${px}`);
  return ranges.flatMap((inRange) => {
    const [first] = inRange;
    if (!first) return [];
    const { from, to, px } = first;
    const x = { kind: "step" as const, from, to, scale: "lin" as const };
    return sameRuns(inRange).flatMap((group) =>
      chunks(group.metrics, METRICS_PER_REQUEST).flatMap((metrics) =>
        chunks(group.runs, RUNS_PER_REQUEST).map((runs) => ({
          request: { runs, metrics, x, px } as SeriesRequest,
          needs: runs.flatMap((run) => metrics.map((metric) => ({ run, metric, from, to, px }))),
        })),
      ),
    );
  });
}

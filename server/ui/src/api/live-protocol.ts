export type Topic =
  | { t: "runs"; project?: string }
  | { t: "series"; runs: string[] };

export type Notice =
  | { t: "runs"; rev: string; changed: string[]; added: number }
  | { t: "series"; run: string; rev: string; x: number }
  | { t: "ping"; ms: number };

/** Read a message of the socket; what this version doesn't know is left alone. */
export function parseNotice(text: string): Notice | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { t } = value as { t?: unknown };
  return t === "runs" || t === "series" || t === "ping" ? (value as Notice) : null;
}

/** One subscription for what several parts of the page want. */
export function mergeTopics(wanted: Iterable<readonly Topic[]>): Topic[] {
  const projects = new Set<string>();
  const runs = new Set<string>();
  let isAll = false;
  for (const topic of [...wanted].flat()) {
    if (topic.t === "series") topic.runs.forEach((run) => runs.add(run));
    else if (topic.project === undefined) isAll = true;
    else projects.add(topic.project);
  }
  const merged: Topic[] = isAll ? [{ t: "runs" }] : [];
  for (const project of [...projects].sort()) merged.push({ t: "runs", project });
  if (runs.size > 0) merged.push({ t: "series", runs: [...runs].sort() });
  return merged;
}

/** Wait before the next attempt to connect `[ms]`, longer each time up to 10 s. */
export function backoff(attempt: number): number {
  return Math.min(10_000, 500 * 2 ** attempt);
}

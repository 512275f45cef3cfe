import type { Experiment } from "../api/types";

export type Held = {
  rows: Experiment[];
  /** Runs that came and are not shown yet. */
  nAdded: number;
  /** The runs shown would stand in another order. */
  hasMoved: boolean;
};

/**
 * Keep rows where they are while someone reads them, with their newest values.
 *
 * Runs that left the window keep their last known row; runs that came are counted, not shown.
 */
export function holdOrder(shown: readonly Experiment[], fresh: readonly Experiment[]): Held {
  const byId = new Map(fresh.map((run) => [run.id, run]));
  const ids = new Set(shown.map((run) => run.id));
  const kept = fresh.filter((run) => ids.has(run.id)).map((run) => run.id);
  const before = shown.filter((run) => byId.has(run.id)).map((run) => run.id);
  return {
    rows: shown.map((run) => byId.get(run.id) ?? run),
    nAdded: fresh.filter((run) => !ids.has(run.id)).length,
    hasMoved: kept.some((id, i) => id !== before[i]),
  };
}

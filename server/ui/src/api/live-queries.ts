import type { QueryClient } from "@tanstack/react-query";
import { listen } from "./live";
import { keys } from "./queries";

/** The lists are fetched again at most this often while runs report `[ms]`. */
const PACE = 2_000;

/** Run `task` now or, when it ran less than `ms` ago, once that time is over. */
export function paced(task: () => void, ms: number): () => void {
  let last = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    if (timer !== undefined) return;
    const wait = Math.max(0, last + ms - Date.now());
    timer = setTimeout(() => {
      timer = undefined;
      last = Date.now();
      task();
    }, wait);
  };
}

/** Notices only say that something is out of date; what is on screen is then fetched again. */
export function connectQueries(client: QueryClient): () => void {
  const changed = new Set<string>();
  const refreshLists = paced(() => {
    for (const key of [keys.boot, ["runs"], ["fields"], keys.running]) {
      void client.invalidateQueries({ queryKey: key });
    }
    for (const id of changed) void client.invalidateQueries({ queryKey: keys.run(id) });
    changed.clear();
  }, PACE);
  return listen({
    onNotice: (notice) => {
      if (notice.t !== "runs") return;
      for (const id of notice.changed) changed.add(id);
      refreshLists();
    },
    onCatchUp: () => void client.invalidateQueries(),
  });
}

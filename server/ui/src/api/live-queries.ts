import type { QueryClient } from "@tanstack/react-query";
import { paced } from "../lib/paced";
import { listen } from "./live";
import { keys } from "./queries";

/** The lists are fetched again at most this often while runs report `[ms]`. */
const PACE = 2_000;

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

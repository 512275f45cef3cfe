import { answer, client } from "../api/client";
import { listen } from "../api/live";
import type { SeriesAnswer } from "../api/types";
import { useEffect, useMemo, useState } from "../lib/react";
import { SeriesStore, type Picture } from "./store";
import type { Want } from "./types";

export const seriesStore = new SeriesStore(
  // The client's types widen pairs to plain arrays; the schema says what they are.
  async (body, signal) => (await answer(client.POST("/api/v2/series", { body, signal }))) as unknown as SeriesAnswer,
  (task) => requestAnimationFrame(task),
);

/** Keep the curves on screen in step with what the server says. */
export function startSeries(): () => void {
  return listen({
    onNotice: (notice) => {
      if (notice.t === "series") seriesStore.advance(notice.run, notice.x);
    },
    onCatchUp: () => seriesStore.refresh(),
  });
}

/** The picture of a panel; `null` wants nothing (the panel has no width yet). */
export function useSeries(want: Want | null): Picture | null {
  const text = want && JSON.stringify(want);
  const stable = useMemo(() => (text === null ? null : (JSON.parse(text) as Want)), [text]);
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (!stable) return undefined;
    return seriesStore.watch(stable, () => setVersion((n) => n + 1));
  }, [stable]);
  return useMemo(() => {
    void version;
    return stable && seriesStore.read(stable);
  }, [stable, version]);
}

import { useQueries } from "@tanstack/react-query";
import { PAGE_SIZE, runsPageQuery } from "../api/queries";
import type { Experiment } from "../api/types";
import { useCallback, useMemo, useRef, useState } from "../lib/react";
import { holdOrder, type Held } from "./held-order";

export type Runs = {
  total: number;
  /** The row at a position, once its window has been fetched. */
  at: (position: number) => Experiment | undefined;
  /** Fetched runs in the order of the list. */
  loaded: readonly Experiment[];
  waiting: Pick<Held, "nAdded" | "hasMoved">;
  isFirst: boolean;
  isFetching: boolean;
  error: unknown;
  refetch: () => void;
  /** Ask for the windows that these positions lie in. */
  need: (first: number, last: number) => void;
  /** While somebody reads the list nothing in it moves. */
  setReading: (isReading: boolean) => void;
  apply: () => void;
};

const windowOf = (position: number) => Math.floor(position / PAGE_SIZE) + 1;

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The runs of a project in windows, held still while they are read. */
export function useRuns(project: string, search: string, sort: string): Runs {
  const [span, setSpan] = useState<readonly [number, number]>([1, 1]);
  const pages = useMemo(() => [...new Set([1, ...range(...span)])], [span]);
  const question = { project, search, sort };
  const answers = useQueries({ queries: pages.map((page) => runsPageQuery(question, page)) });
  const [first] = answers;
  const data = first?.data;
  const fresh = useMemo(() => data?.experiments ?? [], [data]);

  // Which order is held belongs to one question; another sorting or search starts anew.
  const asked = JSON.stringify(question);
  const [reading, setReading] = useState(false);
  const shown = useRef<{ asked: string; rows: Experiment[] }>({ asked, rows: [] });
  const [applied, setApplied] = useState(0);
  const isHeld = reading && shown.current.asked === asked && shown.current.rows.length > 0 && !first?.isPlaceholderData;
  const held = useMemo<Held>(() => {
    void applied;
    return isHeld ? holdOrder(shown.current.rows, fresh) : { rows: fresh, nAdded: 0, hasMoved: false };
  }, [isHeld, fresh, applied]);
  shown.current = { asked, rows: held.rows };

  const rest = pages.slice(1).map((page, i) => ({ page, rows: answers[i + 1]?.data?.experiments ?? [] }));
  const at = (position: number) => {
    const page = windowOf(position);
    const rows = page === 1 ? held.rows : rest.find((window) => window.page === page)?.rows;
    return rows?.[position - (page - 1) * PAGE_SIZE];
  };
  const need = useCallback((from: number, to: number) => {
    const next = [windowOf(Math.max(0, from)), windowOf(Math.max(0, to))] as const;
    setSpan((old) => (old[0] === next[0] && old[1] === next[1] ? old : next));
  }, []);
  const apply = () => {
    shown.current = { asked, rows: [] };
    setReading(false);
    setApplied((n) => n + 1);
  };
  return {
    total: data?.total ?? 0,
    at,
    loaded: [...held.rows, ...rest.flatMap((window) => window.rows)],
    waiting: held,
    isFirst: first?.isPending ?? true,
    isFetching: answers.some((answer) => answer.isFetching),
    error: answers.find((answer) => answer.error)?.error ?? null,
    refetch: () => answers.forEach((answer) => void answer.refetch()),
    need,
    setReading,
    apply,
  };
}

import type { Key } from "../i18n";

/** A column of the run list. `sort` is its word in the address; without one it can't be sorted by. */
export type Column = {
  id: "name" | "status" | "started" | "duration" | "best" | "host" | "tags";
  label: Extract<Key, "col.run" | "col.status" | "col.started" | "col.duration" | "col.best" | "run.host" | "run.tags">;
  sort?: string;
  isNumber?: boolean;
};

export const COLUMNS: readonly Column[] = [
  { id: "name", label: "col.run", sort: "name" },
  { id: "status", label: "col.status", sort: "status" },
  { id: "started", label: "col.started", sort: "started" },
  { id: "duration", label: "col.duration", isNumber: true },
  { id: "best", label: "col.best", sort: "best", isNumber: true },
  // Only shown where the list has the whole width.
  { id: "host", label: "run.host" },
  { id: "tags", label: "run.tags" },
];

export type Direction = "ascending" | "descending" | "none";

export function directionOf(sort: string, word: string | undefined): Direction {
  if (word === undefined) return "none";
  if (sort === word) return "ascending";
  return sort === `-${word}` ? "descending" : "none";
}

/** The sort after a click on a column: first the way that people look for, then the other one. */
export function nextSort(sort: string, word: string): string {
  const isNewestFirst = word === "started" || word === "best";
  const first = isNewestFirst ? `-${word}` : word;
  const second = isNewestFirst ? word : `-${word}`;
  return sort === first ? second : first;
}

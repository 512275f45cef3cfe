/** Split a name so that the parts put together give the name again: separators stay with the word before. */
function tokens(name: string): string[] {
  return name.match(/[^-_./\s]+[-_./\s]*|[-_./\s]+/g) ?? [];
}

function commonLength(lists: readonly string[][], pick: (list: string[], i: number) => string | undefined): number {
  const [first] = lists;
  if (!first) return 0;
  // The last token of the shortest name is kept, else that name would vanish altogether.
  const limit = Math.min(...lists.map((list) => list.length)) - 1;
  let n = 0;
  while (n < limit && lists.every((list) => pick(list, n) === pick(first, n))) n += 1;
  return n;
}

const words = (list: readonly string[]) => list.map((token) => token.replace(/[-_./\s]+$/, ""));

/** Shorten different names by the leading and trailing words that all of them share. */
function withoutShared(names: readonly string[]): Map<string, string> {
  const lists = names.map(tokens);
  const head = commonLength(lists, (list, i) => list[i]);
  const rests = lists.map((list) => list.slice(head));
  const tail = commonLength(rests.map(words), (list, i) => list.at(-1 - i));
  return new Map(
    names.map((name, i) => {
      const kept = rests[i] ?? [];
      const middle = (tail > 0 ? kept.slice(0, -tail) : kept).join("");
      const shown = tail > 0 ? middle.replace(/[-_./\s]+$/, "") : middle;
      return [name, `${head > 0 ? "…" : ""}${shown}${tail > 0 ? "…" : ""}`];
    }),
  );
}

/** The end of a run id: ids begin with the time, so their ends are what differs. */
export function shortId(id: string): string {
  return id.split("_").at(-1) ?? id;
}

/**
 * A label for each run that shows what sets it apart from the others in view.
 *
 * Words shared by all names collapse to "…"; runs of the same name also get the end of their id.
 */
export function distinguish(runs: readonly { id: string; name: string }[]): Map<string, string> {
  const counts = new Map<string, number>();
  for (const { name } of runs) counts.set(name, (counts.get(name) ?? 0) + 1);
  const distinct = [...counts.keys()];
  const short = distinct.length > 1 ? withoutShared(distinct) : new Map(distinct.map((n) => [n, n]));
  return new Map(
    runs.map(({ id, name }) => {
      const label = short.get(name) ?? name;
      return [id, (counts.get(name) ?? 0) > 1 ? `${label} · ${shortId(id)}` : label];
    }),
  );
}

/** Make controls that reorder text visible, so that a name can't pass for another one. */
export function showControls(text: string): string {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) =>
    `⟨U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

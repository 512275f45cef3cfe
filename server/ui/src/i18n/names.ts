/** A shared part shorter than this is not worth an ellipsis `[characters]`. */
const WORTH = 8;
/** So much of a shared beginning stays before what differs, where there are no words `[characters]`. */
const CONTEXT = 3;

/**
 * Split a name so that the parts put together give the name again: separators stay with the word before.
 *
 * A number is one word: of 1e-4 and 1e-3 nobody wants to read "4" and "3".
 */
function tokens(name: string): string[] {
  return name.match(/(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|[^-_./\s])+[-_./\s]*|[-_./\s]+/gi) ?? [];
}

const withoutSeparators = (text: string) => text.replace(/(?<=[^-_./\s])[-_./\s]+$/, "");

/** How many last words all names share; the first one of the shortest name is never counted. */
function sharedEnd(lists: readonly string[][]): number {
  const limit = Math.min(...lists.map((list) => list.length)) - 1;
  const last = (list: readonly string[], i: number) => withoutSeparators(list.at(-1 - i) ?? "");
  let n = 0;
  while (n < limit && lists.every((list) => last(list, n) === last(lists[0] ?? [], n))) n += 1;
  return n;
}

function sharedLength(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

/** Where a word may be cut so that it still differs from its neighbours; 0 where that is no gain. */
function cutBefore(word: string, neighbours: readonly string[]): number {
  let at = Math.max(0, ...neighbours.map((other) => sharedLength(word, other)));
  while (at > 0 && /\d/.test(word[at - 1] ?? "")) at -= 1;
  if (at <= WORTH + CONTEXT) return 0;
  // Marks and joined signs belong to the letter before them.
  const letters = [...new Intl.Segmenter().segment(word)].map(({ index }) => index).filter((index) => index <= at);
  return letters.at(-1 - CONTEXT) ?? 0;
}

/** By every beginning that names share: the words that may follow, with where each may be cut. */
type Branches = Map<string, Map<string, number>>;

function branchesOf(lists: readonly string[][]): Branches {
  const found = new Map<string, Set<string>>();
  for (const list of lists) {
    for (let i = 0, start = ""; i <= list.length; i += 1) {
      const next = list[i] ?? "";
      const followers = found.get(start);
      if (followers) followers.add(next);
      else found.set(start, new Set([next]));
      start += next;
    }
  }
  return new Map(
    [...found].map(([start, followers]) => {
      // Among sorted words the most similar ones are neighbours.
      const sorted = [...followers].sort();
      const around = (i: number) => [sorted[i - 1], sorted[i + 1]].filter((word) => word !== undefined);
      return [start, new Map(sorted.map((word, i) => [word, cutBefore(word, around(i))]))];
    }),
  );
}

/** Leave out of a name what does not tell it from the others; from the last difference on it is its own. */
function shorten(list: readonly string[], branches: Branches): string {
  let start = "";
  const followers = list.map((word) => {
    const found = branches.get(start);
    start += word;
    return found && found.size > 1 ? found : null;
  });
  const lastTold = followers.findLastIndex((found) => found !== null);
  let shown = "";
  let run = "";
  list.forEach((word, i) => {
    const isOwn = i > lastTold && (lastTold >= 0 || i === list.length - 1);
    if (!followers[i] && !isOwn) {
      run += word;
      return;
    }
    // What all names begin with says nothing; a short part in the middle is no gain.
    if (run !== "") shown += shown === "" || run.length > WORTH ? "…" : run;
    run = "";
    const cut = followers[i]?.get(word) ?? 0;
    shown += cut > 0 ? `…${word.slice(cut)}` : word;
  });
  return shown;
}

/** Shorten different names by what they share. */
function withoutShared(names: readonly string[]): Map<string, string> {
  const lists = names.map(tokens);
  const n = sharedEnd(lists);
  const kept = lists.map((list) => {
    const rest = n > 0 ? list.slice(0, -n) : list;
    return rest.map((word, i) => (n > 0 && i === rest.length - 1 ? withoutSeparators(word) : word));
  });
  const branches = branchesOf(kept);
  return new Map(names.map((name, i) => [name, `${shorten(kept[i] ?? [], branches)}${n > 0 ? "…" : ""}`]));
}

/** The end of a run id: ids begin with the time, so their ends are what differs. */
export function shortId(id: string): string {
  return id.split("_").at(-1) ?? id;
}

/** The shortest end of an id, of 6 characters at least, that no other of these ids has. */
function ownEnd(id: string, others: readonly string[]): string {
  const short = shortId(id);
  const rivals = others.filter((other) => other !== id);
  for (let n = 6; n < short.length; n += 1) {
    const end = id.slice(-n);
    if (rivals.every((other) => !other.endsWith(end))) return end;
  }
  return rivals.every((other) => shortId(other) !== short) ? short : id;
}

/** Between a name and the id of its run. */
const MARK = " · ";

/**
 * A label for each run that shows what sets it apart from the others in view.
 *
 * Words that tell nothing collapse to "…"; runs of the same name also get the end of their id.
 */
export function distinguish(runs: readonly { id: string; name: string }[]): Map<string, string> {
  const ids = new Map<string, string[]>();
  for (const { id, name } of runs) ids.set(name, [...(ids.get(name) ?? []), id]);
  const distinct = [...ids.keys()];
  const short = distinct.length > 1 ? withoutShared(distinct) : new Map(distinct.map((n) => [n, n]));
  return new Map(
    runs.map(({ id, name }) => {
      const label = short.get(name) ?? name;
      const same = ids.get(name) ?? [];
      return [id, same.length > 1 ? `${label}${MARK}${ownEnd(id, same)}` : label];
    }),
  );
}

/** Split a label where it may be cut: what sets it apart stands in the second part, which stays whole. */
export function splitLabel(label: string): [head: string, tail: string] {
  const mark = label.lastIndexOf(MARK);
  if (mark > 0) return [label.slice(0, mark), label.slice(mark)];
  const found = /^(.*…)([^…]+…?)$/s.exec(label);
  return found ? [found[1] ?? "", found[2] ?? ""] : [label, ""];
}

/** Make controls that reorder text visible, so that a name can't pass for another one. */
export function showControls(text: string): string {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) =>
    `⟨U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

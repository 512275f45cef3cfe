import { shortId } from "../i18n/names";
import type { View } from "../view/codec";

/** More curves than this are neither told apart nor asked for in one request. */
export const MAX_PLOTTED = 64;

type Choice = Pick<View, "top" | "on" | "off" | "solo">;

/** Whether a word of the address means this run: its id, the start or the end of it. */
function names(word: string, id: string): boolean {
  return id === word || id.startsWith(word) || shortId(id) === word;
}

const named = (words: readonly string[], id: string) => words.some((word) => names(word, id));

/** Ids of the plotted runs, in the order of the list. */
export function plottedIds(ordered: readonly string[], choice: Choice): string[] {
  const chosen = ordered.filter((id, position) => {
    if (choice.solo.length > 0) return named(choice.solo, id);
    if (named(choice.off, id)) return false;
    return position < choice.top || named(choice.on, id);
  });
  return chosen.slice(0, MAX_PLOTTED);
}

/** The shortest word that means this run among the known ones. */
export function wordFor(id: string, known: readonly string[]): string {
  const short = shortId(id);
  return known.every((other) => other === id || !names(short, other)) ? short : id;
}

const without = (words: readonly string[], id: string) => words.filter((word) => !names(word, id));

/** The choice after a click on a run's dot. */
export function togglePlotted(
  ordered: readonly string[],
  choice: Choice,
  id: string,
): Pick<View, "on" | "off" | "solo"> {
  const word = wordFor(id, ordered);
  const isPlotted = plottedIds(ordered, choice).includes(id);
  if (choice.solo.length > 0) {
    const solo = isPlotted ? without(choice.solo, id) : [...choice.solo, word];
    return { on: choice.on, off: choice.off, solo };
  }
  const on = without(choice.on, id);
  const off = without(choice.off, id);
  const isInTop = ordered.includes(id) && ordered.indexOf(id) < choice.top;
  if (isPlotted) return { on, off: isInTop ? [...off, word] : off, solo: [] };
  return { on: isInTop ? on : [...on, word], off, solo: [] };
}

/** The choice after a shift-click: only this run, or back from it. */
export function toggleSolo(ordered: readonly string[], choice: Choice, id: string): Pick<View, "solo"> {
  const isAlone = choice.solo.length === 1 && named(choice.solo, id);
  return { solo: isAlone ? [] : [wordFor(id, ordered)] };
}

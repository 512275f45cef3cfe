import { paced } from "../lib/paced";
import { createStore } from "../lib/store";

/** The latest thing that was done, for the status line; a new object even when the text repeats. */
export const said = createStore<{ text: string } | null>(null);

/** Print what has happened. */
export function say(text: string): void {
  said.set({ text });
}

/** A screen reader can't follow more than two readings a second `[ms]`. */
const PACE = 500;

let latest = "";
const speak = paced(() => say(latest), PACE);

/** Print what changes while a key is held: the last one always, those in between as far as there is time. */
export function announce(text: string): void {
  latest = text;
  speak();
}

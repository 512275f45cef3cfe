import { createStore } from "../lib/store";

/** The latest thing that was done, for the status line; a new object even when the text repeats. */
export const said = createStore<{ text: string } | null>(null);

/** Print what has happened. */
export function say(text: string): void {
  said.set({ text });
}

import { createStore, type Store } from "./store";

const PREFIX = "runicorn.";

/** Storage is refused in some private windows; the page works without it. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Nothing to do: the choice then lasts as long as the page.
  }
}

/** A personal choice, kept in this browser; `parse` turns stored text into a valid value. */
export function createPref<T extends string | number>(
  key: string,
  parse: (text: string | null) => T,
): Store<T> {
  const store = createStore<T>(parse(read(key)));
  return {
    ...store,
    set(value) {
      write(key, String(value));
      store.set(value);
    },
  };
}

/** Parser for a choice among fixed words; the first one is the default. */
export function oneOf<T extends string>(...words: readonly [T, ...T[]]) {
  return (text: string | null): T => words.find((word) => word === text) ?? words[0];
}

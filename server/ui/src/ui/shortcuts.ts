import type { Key } from "../i18n";
import { useEffect, useRef } from "../lib/react";

export type Shortcut = {
  /** `KeyboardEvent.key`, with "Shift+" or "Alt+" in front where it is part of the shortcut. */
  keys: readonly string[];
  label: Extract<Key, `keys.${string}`>;
  /** `null` where the part of the page that has the focus does it by itself. */
  run: (() => void) | null;
  /** Works only where a chart has the focus. */
  isInChart?: boolean;
};

const active: { current: readonly Shortcut[] }[] = [];

type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "isComposing">;

/** The name of a key press, or `null` when it belongs to the browser or to text being composed. */
export function pressName(event: Pressed): string | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  const isLetter = /^\p{L}$/u.test(event.key);
  return event.shiftKey && isLetter ? `Shift+${event.key.toLowerCase()}` : event.key;
}

/** Whether a key press there is text for a field and no command. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function onKeyDown(event: KeyboardEvent): void {
  // A dialog has its own keys.
  if (event.defaultPrevented || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const name = pressName(event);
  if (name === null) return;
  // What was mounted last is nearest to the reader.
  for (const layer of active.toReversed()) {
    const run = layer.current.find((shortcut) => shortcut.run && shortcut.keys.includes(name))?.run;
    if (!run) continue;
    event.preventDefault();
    run();
    return;
  }
}

/** Shortcuts that work while the component is on the page. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const layer = useRef(shortcuts);
  useEffect(() => {
    layer.current = shortcuts;
  });
  useEffect(() => {
    active.push(layer);
    if (active.length === 1) document.addEventListener("keydown", onKeyDown);
    return () => {
      active.splice(active.indexOf(layer), 1);
      if (active.length === 0) document.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}

/** All shortcuts that work right now, for the list of them. */
export function currentShortcuts(): Shortcut[] {
  return active.flatMap((layer) => layer.current);
}

/** What a key does in a chart that has the focus. */
export type ChartAction =
  | { kind: "move"; by: number }
  | { kind: "end"; to: "first" | "last" }
  | { kind: "run"; by: 1 | -1 }
  | { kind: "zoom"; factor: number }
  | { kind: "pan"; by: number }
  | { kind: "open" }
  | { kind: "leave" };

/** The keys of a chart for the list of them; a chart that has the focus takes them by itself. */
export const CHART_SHORTCUTS = [
  { keys: ["ArrowLeft", "ArrowRight"], label: "keys.read" },
  { keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], label: "keys.read_fast" },
  { keys: ["Home", "End"], label: "keys.read_end" },
  { keys: ["ArrowUp", "ArrowDown"], label: "keys.read_run" },
  { keys: ["+", "-"], label: "keys.zoom" },
  { keys: ["Shift+Alt+ArrowLeft", "Shift+Alt+ArrowRight"], label: "keys.pan" },
  { keys: ["o"], label: "keys.open_read" },
  { keys: ["Escape"], label: "keys.leave" },
] as const;

type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

/** So many points at once with Shift. */
const FAST = 10;
/** Part of the width that a chart is moved by. */
const PAN = 0.25;

function sideways(direction: 1 | -1, { shiftKey, altKey }: Pressed): ChartAction | null {
  if (shiftKey && altKey) return { kind: "pan", by: direction * PAN };
  // Alt with an arrow is the browser's way back.
  if (altKey) return null;
  return { kind: "move", by: direction * (shiftKey ? FAST : 1) };
}

/** The action of a key press, or `null` when it is for somebody else. */
export function chartAction(event: Pressed): ChartAction | null {
  if (event.ctrlKey || event.metaKey) return null;
  if (event.key === "ArrowLeft") return sideways(-1, event);
  if (event.key === "ArrowRight") return sideways(1, event);
  if (event.altKey) return null;
  switch (event.key) {
    case "Home":
      return { kind: "end", to: "first" };
    case "End":
      return { kind: "end", to: "last" };
    case "ArrowUp":
      return { kind: "run", by: 1 };
    case "ArrowDown":
      return { kind: "run", by: -1 };
    case "+":
    case "=":
      return { kind: "zoom", factor: 0.5 };
    case "-":
      return { kind: "zoom", factor: 2 };
    case "o":
      return { kind: "open" };
    case "Escape":
      return { kind: "leave" };
    default:
      return null;
  }
}

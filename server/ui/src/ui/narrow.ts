import { createStore } from "../lib/store";

/** Below this width list and charts don't fit side by side; the style sheets use the same number. */
const NARROW = "(width < 900px)";

/** Whether the window is narrow. */
export const narrow = createStore(false);

if (typeof matchMedia === "function") {
  const query = matchMedia(NARROW);
  narrow.set(query.matches);
  query.addEventListener("change", () => narrow.set(query.matches));
}

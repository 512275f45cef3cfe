import { createPref, oneOf } from "../lib/prefs";
import { createStore } from "../lib/store";
import type { ThemeName } from "./tokens";

export type ThemeChoice = "system" | "light" | "dark";

export const themeChoice = createPref<ThemeChoice>("theme", oneOf("system", "light", "dark"));

/** The theme that is really shown; painters repaint when it changes. */
export const themeName = createStore<ThemeName>("light");

/** Follow the choice and the system from now on. */
export function startTheme(): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = themeChoice.get();
    const root = document.documentElement;
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
    themeName.set(choice === "system" ? (system.matches ? "dark" : "light") : choice);
  };
  system.addEventListener("change", apply);
  themeChoice.subscribe(apply);
  apply();
}

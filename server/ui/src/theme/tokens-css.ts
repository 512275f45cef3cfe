import { ANSI_HUES, RUN_HUES, SURFACES, type ThemeName } from "./tokens.ts";

function declarations(theme: ThemeName): string {
  const surfaces = Object.entries(SURFACES[theme]).map(([name, value]) => `--${name}:${value};`);
  const hues = RUN_HUES[theme].map((value, slot) => `--run-${slot}:${value};`);
  const ansi = ANSI_HUES[theme].map((value, index) => `--ansi-${index}:${value};`);
  return [`color-scheme:${theme};`, ...surfaces, ...hues, ...ansi].join("");
}

/** The tokens as custom properties, and one rule a slot and a terminal colour. */
export function tokensCss(): string {
  const slots = RUN_HUES.light.map((_, slot) => `[data-slot="${slot}"]{--hue:var(--run-${slot})}`);
  const ansi = ANSI_HUES.light.map((_, index) => `.ansi-${index}{color:var(--ansi-${index})}`);
  return [
    `:root{${declarations("light")}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-theme="light"]){${declarations("dark")}}}`,
    `:root[data-theme="dark"]{${declarations("dark")}}`,
    ...slots,
    ...ansi,
  ].join("\n");
}

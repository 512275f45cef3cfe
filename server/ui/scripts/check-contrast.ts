// Recomputes the contrast of text and curves in both themes (WCAG 2.2, 1.4.3 and 1.4.11).
import { ANSI_HUES, RUN_HUES, SURFACES, type Surface, type ThemeName } from "../src/theme/tokens.ts";

const TEXT = 4.5;
const NON_TEXT = 3;
const ON_PAPER: Surface[] = ["text", "text-2", "text-3", "accent", "ok", "run", "warn", "danger", "neutral"];
const PAIRS: [Surface, Surface][] = [
  ["on-accent", "accent"],
  ["accent-soft-text", "accent-soft"],
  ["warn-soft-text", "warn-soft"],
  ["danger-soft-text", "danger-soft"],
  ["ok-soft-text", "ok-soft"],
];

/** Relative luminance of a #rrggbb colour (WCAG 2.2, definition of the term). */
function luminance(colour: string): number {
  const channels = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (channels[0] ?? 0) + 0.7152 * (channels[1] ?? 0) + 0.0722 * (channels[2] ?? 0);
}

export function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function checkTheme(theme: ThemeName): string[] {
  const tokens = SURFACES[theme];
  const complaints: string[] = [];
  const want = (what: string, colour: string, on: string, least: number) => {
    const ratio = contrast(colour, on);
    if (!(ratio >= least)) complaints.push(`${theme} ${what}: ${ratio.toFixed(2)}, needs ${least}`);
  };
  for (const paper of ["canvas", "surface-1"] as const) {
    for (const name of ON_PAPER) want(`${name} on ${paper}`, tokens[name], tokens[paper], TEXT);
    for (const name of ["border-strong", "focus"] as const) {
      want(`${name} on ${paper}`, tokens[name], tokens[paper], NON_TEXT);
    }
    ANSI_HUES[theme].forEach((hue, i) => want(`terminal colour ${i} on ${paper}`, hue, tokens[paper], TEXT));
    RUN_HUES[theme].forEach((hue, i) => want(`run hue ${i} on ${paper}`, hue, tokens[paper], NON_TEXT));
  }
  for (const [name, paper] of PAIRS) want(`${name} on ${paper}`, tokens[name], tokens[paper], TEXT);
  return complaints;
}

export function main(): boolean {
  const complaints = (["light", "dark"] as const).flatMap(checkTheme);
  complaints.forEach((complaint) => console.log(complaint));
  console.log(complaints.length === 0 ? "all contrasts are high enough" : `${complaints.length} are too low`);
  return complaints.length === 0;
}

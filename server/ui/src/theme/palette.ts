import { RUN_HUES } from "./tokens";

/** Solid, then three patterns that stay apart at 1.5 px. Lengths in CSS pixels. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

export type RunStyle = { hue: number; dash: number };

/** Index of the hue that belongs to a run's slot. */
export function hueOf(slot: number): number {
  const n = RUN_HUES.light.length;
  return ((slot % n) + n) % n;
}

/**
 * Give each plotted run its hue and, where hues repeat, the next dash pattern.
 *
 * The hue never depends on what else is plotted, so a run keeps its colour; only the pattern does.
 */
export function assignStyles(
  plotted: readonly { id: string; slot: number }[],
): Map<string, RunStyle> {
  const used = new Map<number, number>();
  const styles = new Map<string, RunStyle>();
  for (const { id, slot } of plotted) {
    const hue = hueOf(slot);
    const count = used.get(hue) ?? 0;
    used.set(hue, count + 1);
    styles.set(id, { hue, dash: count % DASHES.length });
  }
  return styles;
}

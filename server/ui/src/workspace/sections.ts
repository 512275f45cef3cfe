export type Section = { name: string; metrics: string[] };

/** Stands for the section of metrics without a slash; no metric can have this part as its first. */
export const TOP_LEVEL = ".";

/** Sections longer than this start folded. */
export const FOLD_ABOVE = 24;

/** Group metrics by the part before the first slash; "system" last, single names first. */
export function sectionsOf(metrics: readonly string[]): Section[] {
  const byName = new Map<string, string[]>();
  for (const metric of metrics) {
    const slash = metric.indexOf("/");
    const name = slash > 0 ? metric.slice(0, slash) : TOP_LEVEL;
    const list = byName.get(name);
    if (list) list.push(metric);
    else byName.set(name, [metric]);
  }
  return [...byName]
    .map(([name, list]) => ({ name, metrics: list.sort((a, b) => a.localeCompare(b, "en", { numeric: true })) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name, "en"));
}

function rank(name: string): number {
  if (name === TOP_LEVEL) return 0;
  return name === "system" ? 2 : 1;
}

/** Whether a section is open, given what the address says against the default. */
export function isOpen(section: Section, open: readonly string[], fold: readonly string[]): boolean {
  if (open.includes(section.name)) return true;
  return !fold.includes(section.name) && section.metrics.length <= FOLD_ABOVE;
}

/** The lists of the address after a section was folded or unfolded. */
export function toggleSection(
  section: Section,
  open: readonly string[],
  fold: readonly string[],
): { open: string[]; fold: string[] } {
  const rest = (names: readonly string[]) => names.filter((name) => name !== section.name);
  const isShort = section.metrics.length <= FOLD_ABOVE;
  if (isOpen(section, open, fold)) {
    return { open: rest(open), fold: isShort ? [...rest(fold), section.name] : rest(fold) };
  }
  return { open: isShort ? rest(open) : [...rest(open), section.name], fold: rest(fold) };
}

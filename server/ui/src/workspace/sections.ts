export type Section = { name: string; metrics: string[] };

/** Stands for the section of metrics without a slash; no metric can have this part as its first. */
export const TOP_LEVEL = ".";

/** Stands for the section of metrics that no plotted run has. */
export const ABSENT = "..";

/** Sections longer than this start folded. */
export const FOLD_ABOVE = 24;

const alphabetic = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

/** Group metrics by the part before the first slash; "system" last, single names first, absent ones at the very end. */
export function sectionsOf(all: readonly string[], absent: ReadonlySet<string> = new Set()): Section[] {
  const metrics = all.filter((metric) => !absent.has(metric));
  const missing = all.filter((metric) => absent.has(metric)).sort(alphabetic);
  const byName = new Map<string, string[]>();
  for (const metric of metrics) {
    const slash = metric.indexOf("/");
    const name = slash > 0 ? metric.slice(0, slash) : TOP_LEVEL;
    const list = byName.get(name);
    if (list) list.push(metric);
    else byName.set(name, [metric]);
  }
  const sections = [...byName]
    .map(([name, list]) => ({ name, metrics: list.sort(alphabetic) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name, "en"));
  return missing.length > 0 ? [...sections, { name: ABSENT, metrics: missing }] : sections;
}

function rank(name: string): number {
  if (name === TOP_LEVEL) return 0;
  return name === "system" ? 2 : 1;
}

const startsOpen = ({ name, metrics }: Section) => name !== ABSENT && metrics.length <= FOLD_ABOVE;

/** Whether a section is open, given what the address says against the default. */
export function isOpen(section: Section, open: readonly string[], fold: readonly string[]): boolean {
  if (open.includes(section.name)) return true;
  return !fold.includes(section.name) && startsOpen(section);
}

/** The lists of the address after a section was folded or unfolded. */
export function toggleSection(
  section: Section,
  open: readonly string[],
  fold: readonly string[],
): { open: string[]; fold: string[] } {
  const rest = (names: readonly string[]) => names.filter((name) => name !== section.name);
  if (isOpen(section, open, fold)) {
    return { open: rest(open), fold: startsOpen(section) ? [...rest(fold), section.name] : rest(fold) };
  }
  return { open: startsOpen(section) ? rest(open) : [...rest(open), section.name], fold: rest(fold) };
}

export type Leaf = { path: string; value: string };

function show(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value);
}

/** The leaves of a nested config by their dotted path, in order of the path; lists stay whole. */
export function flatten(config: Record<string, unknown>, prefix = ""): Leaf[] {
  return Object.entries(config)
    .flatMap(([key, value]) => {
      const path = prefix + key;
      const isTree = typeof value === "object" && value !== null && !Array.isArray(value);
      return isTree && Object.keys(value).length > 0
        ? flatten(value as Record<string, unknown>, `${path}.`)
        : [{ path, value: show(value) }];
    })
    .sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}

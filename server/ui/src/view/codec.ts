export type Layout = "table" | "split" | "charts";
export type Range = readonly [from: number, to: number];

/** All that a workspace address says. Personal things (theme, widths) are not part of it. */
export type View = {
  view: Layout;
  q: string;
  sort: string;
  top: number;
  on: readonly string[];
  off: readonly string[];
  solo: readonly string[];
  m: string;
  xr: Range | null;
  yl: boolean;
  grid: number | null;
  open: readonly string[];
  fold: readonly string[];
  /** Pairs that this version doesn't know; a newer page may, so they survive. */
  rest: readonly (readonly [string, string])[];
};

export const DEFAULT_VIEW: View = {
  view: "split",
  q: "",
  sort: "-started",
  top: 10,
  on: [],
  off: [],
  solo: [],
  m: "",
  xr: null,
  yl: false,
  grid: null,
  open: [],
  fold: [],
  rest: [],
};

type Field<T> = {
  /** `undefined` means that the text makes no sense, so the default holds. */
  parse: (text: string) => T | undefined;
  print: (value: T) => string;
};
type Fields = { [K in Exclude<keyof View, "rest">]: Field<View[K]> };

const text: Field<string> = { parse: (raw) => raw, print: (value) => value };

const list: Field<readonly string[]> = {
  // Empty items come from hand-edited addresses.
  parse: (raw) => raw.split(",").filter(Boolean).map(unescapeItem),
  print: (items) => items.map(escapeItem).join(","),
};

// Section names may hold a comma; the list's own separator then has to look different.
function escapeItem(item: string): string {
  return item.replace(/%/g, "%25").replace(/,/g, "%2C");
}

function unescapeItem(item: string): string {
  return item.replace(/%2C/gi, ",").replace(/%25/g, "%");
}

function integer(min: number, max: number): (raw: string) => number | undefined {
  return (raw) => {
    const value = Number(raw);
    return /^\d+$/.test(raw) && value >= min && value <= max ? value : undefined;
  };
}

function parseRange(raw: string): Range | undefined {
  const match = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/.exec(raw);
  if (!match) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? [from, to] : undefined;
}

// The order here is the order in the address.
const FIELDS: Fields = {
  view: {
    parse: (raw) => (["table", "split", "charts"] as const).find((layout) => layout === raw),
    print: (value) => value,
  },
  q: text,
  sort: { parse: (raw) => raw || undefined, print: (value) => value },
  top: { parse: integer(0, 64), print: String },
  on: list,
  off: list,
  solo: list,
  m: text,
  xr: { parse: parseRange, print: (range) => (range ? `${range[0]}..${range[1]}` : "") },
  yl: { parse: (raw) => raw === "1", print: (value) => (value ? "1" : "0") },
  grid: { parse: integer(1, 6), print: (value) => (value === null ? "" : String(value)) },
  open: list,
  fold: list,
};
const KEYS = Object.keys(FIELDS) as (keyof Fields)[];

/** Decode what can be decoded; an address may hold anything. */
function decode(part: string): string {
  const spaced = part.replace(/\+/g, " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Escape only what would break an address, so that it can be read and edited by hand. */
function encode(part: string): string {
  return encodeURIComponent(part).replace(/%(?:2F|2C|3A|40)/g, decodeURIComponent);
}

function pairsOf(search: string): [string, string][] {
  return search
    .replace(/^\?/, "")
    .split("&")
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [decode(pair), ""] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
    });
}

function isKnown(key: string): key is keyof Fields {
  return Object.hasOwn(FIELDS, key);
}

/** Read the query part of an address; nonsense falls back to the defaults. */
export function parseView(search: string): View {
  const found: Record<string, unknown> = {};
  const rest: [string, string][] = [];
  for (const [key, raw] of pairsOf(search)) {
    if (!isKnown(key)) rest.push([key, raw]);
    else {
      const value = FIELDS[key].parse(raw);
      if (value !== undefined) found[key] = value;
    }
  }
  return { ...DEFAULT_VIEW, ...found, rest };
}

function printField(key: keyof Fields, view: View): string {
  return FIELDS[key].print(view[key] as never);
}

/** The shortest address part that `parseView` reads back as the same view. */
export function formatView(view: View): string {
  const known = KEYS.map((key) => [key, printField(key, view)] as const).filter(
    ([key, printed]) => printed !== printField(key, DEFAULT_VIEW),
  );
  const pairs = [...known, ...view.rest];
  if (pairs.length === 0) return "";
  return `?${pairs.map(([key, value]) => `${encode(key)}=${encode(value)}`).join("&")}`;
}

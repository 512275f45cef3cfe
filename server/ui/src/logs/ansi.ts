/** A piece of a line with one look; `color` is one of the eight terminal colours. */
export type Span = {
  text: string;
  color: number | null;
  isBold: boolean;
  isDim: boolean;
  isItalic: boolean;
  isUnderlined: boolean;
  isInverse: boolean;
};

type Look = Omit<Span, "text">;

const PLAIN: Look = {
  color: null,
  isBold: false,
  isDim: false,
  isItalic: false,
  isUnderlined: false,
  isInverse: false,
};

// Source: ECMA-48, "Control functions for coded character sets", 5th edition, 1991:
// control sequences (5.4) and strings (5.6); what is not SGR has no meaning in a log and is dropped.
// eslint-disable-next-line no-control-regex
const SEQUENCE = /\u001b\[([0-9;:]*)m|\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[PX^_][^\u001b]*(?:\u001b\\)?|\u001b[@-_]?/g;

/** The nearest of the eight colours, so that a log stays readable in both themes. */
export function nearestColor(r: number, g: number, b: number): number {
  const max = Math.max(r, g, b);
  const min = Math.min(r, g, b);
  // Greys have no hue to keep; they take the weakest or the plain ink.
  if (max - min < 48) return max < 128 ? 0 : 7;
  const middle = (max + min) / 2;
  return (r > middle ? 1 : 0) + (g > middle ? 2 : 0) + (b > middle ? 4 : 0);
}

function fromPalette(index: number): number {
  if (index < 16) return index % 8;
  if (index >= 232) return index < 244 ? 0 : 7;
  const level = (n: number) => (n === 0 ? 0 : 55 + 40 * n);
  const cube = index - 16;
  return nearestColor(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** Read the arguments of 38 or 48: a palette index or a colour; says how many numbers it took. */
function extended(codes: readonly number[]): { color: number | null; taken: number } {
  const [kind, a = 0, b = 0, c = 0] = codes;
  if (kind === 5) return { color: fromPalette(a), taken: 2 };
  if (kind === 2) return { color: nearestColor(a, b, c), taken: 4 };
  return { color: null, taken: 1 };
}

const SWITCHES: Record<number, Partial<Look>> = {
  0: PLAIN,
  1: { isBold: true },
  2: { isDim: true },
  3: { isItalic: true },
  4: { isUnderlined: true },
  7: { isInverse: true },
  22: { isBold: false, isDim: false },
  23: { isItalic: false },
  24: { isUnderlined: false },
  27: { isInverse: false },
  39: { color: null },
};

function applySgr(look: Look, parameters: string): Look {
  const codes = parameters === "" ? [0] : parameters.split(/[;:]/).map(Number);
  let next = { ...look };
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      const { color, taken } = extended(codes.slice(i + 1));
      // Backgrounds are left out: no pair of colours could be promised to be readable.
      if (code === 38) next.color = color;
      i += taken;
    } else if (code >= 30 && code <= 37) next.color = code - 30;
    else if (code >= 90 && code <= 97) next.color = code - 90;
    else next = { ...next, ...SWITCHES[code] };
  }
  return next;
}

/** Split a line into pieces by its colour codes. Text is only ever text: nothing in it is markup. */
export function parseAnsi(line: string): Span[] {
  if (!line.includes("\u001b")) return line === "" ? [] : [{ text: line, ...PLAIN }];
  const spans: Span[] = [];
  let look = PLAIN;
  let from = 0;
  const push = (text: string) => {
    if (text !== "") spans.push({ text, ...look });
  };
  for (const match of line.matchAll(SEQUENCE)) {
    push(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[1] !== undefined) look = applySgr(look, match[1]);
  }
  push(line.slice(from));
  return spans;
}

/** The time that `log_text` writes before each line; a bar that goes back to its start leaves it alone. */
const STAMP = /^\d{2}:\d{2}:\d{2} \| /;

/** Split a line into the time that Runicorn wrote before it and what was logged. */
export function splitStamp(line: string): [stamp: string, text: string] {
  const stamp = STAMP.exec(line)?.[0] ?? "";
  return [stamp, line.slice(stamp.length)];
}

/** What a terminal would show of a line that rewrites itself: the text after the last carriage return. */
export function lastState(line: string): string {
  if (!line.includes("\r")) return line;
  const [stamp, text] = splitStamp(line);
  const states = text.split("\r").filter((state) => state !== "");
  return stamp + (states.at(-1) ?? "");
}

import type { Translate } from "./index";

const MINUS = "−";

/** A value of the API: a number, nothing, or the name of a number that JSON can't hold. */
export type ApiNumber = number | string | null | undefined;

/** Turn the API's names of non-finite values back into numbers. */
export function toNumber(value: ApiNumber): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return value;
  const text = value.trim();
  if (/^\+?inf(inity)?$/i.test(text)) return Infinity;
  if (/^-inf(inity)?$/i.test(text)) return -Infinity;
  return text === "" || Number.isNaN(Number(text)) ? NaN : Number(text);
}

function group(digits: string): string {
  const [whole = "", fraction] = digits.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function scientific(magnitude: number, digits: number): string {
  const [mantissa = "", exponent = "0"] = magnitude.toExponential(digits - 1).split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return `${short}e${Number(exponent)}`;
}

/**
 * A metric's value in significant digits, scientific outside of 1e-4 to 1e6.
 *
 * The decimal point is a point in every language: researchers paste these into code.
 */
export function formatMetric(value: number | null, digits = 4): string {
  if (value === null) return "—";
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return `${MINUS}Inf`;
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  const sign = value < 0 ? MINUS : "";
  if (magnitude < 1e-4 || magnitude >= 1e6) return sign + scientific(magnitude, digits);
  const rounded = Number(magnitude.toPrecision(digits));
  const text = rounded >= 10 ** digits ? String(rounded) : magnitude.toPrecision(digits);
  return sign + group(text);
}

/**
 * A value that stands alone: all of its digits where they are few, else six significant ones.
 *
 * Zeros at its end then say that it was rounded; an exact value gets none that nobody logged.
 */
export function formatExact(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return formatMetric(value);
  const sign = value < 0 ? MINUS : "";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return sign + group(String(Math.abs(value)));
  const text = formatMetric(value, 6);
  const isExact = Number(value.toPrecision(6)) === value && !text.includes("e");
  return isExact ? text.replace(/\.?0+$/, "") : text;
}

/** The fewest significant digits (4 to 8) with which different values look different. */
export function digitsFor(values: readonly (number | null)[]): number {
  const finite = [...new Set(values.filter((v): v is number => v !== null && Number.isFinite(v)))];
  for (let digits = 4; digits < 8; digits += 1) {
    if (new Set(finite.map((v) => formatMetric(v, digits))).size === finite.length) return digits;
  }
  return 8;
}

const signed = (value: number, text: string) => (value < 0 ? MINUS : "") + text;
const longest = (labels: readonly string[]) => Math.max(...labels.map((label) => label.length));
const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const STEP_UNITS = [
  { unit: 1, power: 0, letter: "", from: 0 },
  { unit: 1e3, power: 3, letter: "k", from: 1e4 },
  { unit: 1e6, power: 6, letter: "M", from: 1e6 },
  { unit: 1e9, power: 9, letter: "G", from: 1e9 },
] as const;

/**
 * Steps on an axis: 950, 1.5k, 118k, 2.5M; all in the unit that makes them shortest.
 *
 * @param values Whole multiples of ten to the power of `exponent`, which all of the labels tell exactly.
 */
export function formatAxisSteps(values: readonly number[], exponent: number): string[] {
  const inUnit = ({ unit, power, letter }: (typeof STEP_UNITS)[number]) =>
    values.map((value) => {
      const text = (Math.abs(value) / unit).toFixed(Math.max(0, power - exponent));
      const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
      return value === 0 ? "0" : signed(value, group(short) + letter);
    });
  const most = largest(values);
  return STEP_UNITS.filter(({ from }) => most >= from)
    .map(inUnit)
    .reduce((best, next) => (longest(next) < longest(best) ? next : best));
}

/**
 * Values on a linear axis, with just the digits that tell each exactly.
 *
 * @param values Whole multiples of ten to the power of `exponent`.
 */
export function formatAxisValues(values: readonly number[], exponent: number): string[] {
  const most = largest(values);
  const decimals = Math.min(100, Math.max(0, -exponent));
  const plain = () =>
    values.map((value) => (value === 0 ? "0" : signed(value, group(Math.abs(value).toFixed(decimals)))));
  if (most >= 1e-4 && most < 1e6) return plain();
  const short = values.map((value) => {
    if (value === 0) return "0";
    const digits = Math.floor(Math.log10(Math.abs(value))) - exponent + 1;
    return signed(value, scientific(Math.abs(value), Math.min(17, Math.max(1, digits))));
  });
  // 1,000,010 is easier to read than 1.00001e6, and no longer.
  return most < 1e15 && longest(plain()) <= longest(short) ? plain() : short;
}

/** Round values on a logarithmic axis, each as short as it can be. */
export function formatAxisPowers(values: readonly number[]): string[] {
  return values.map((value) =>
    value >= 1e-4 && value < 1e6 ? group(String(value)) : value.toExponential().replace("e+", "e"),
  );
}

const UNITS = [
  ["dur.d", 86_400],
  ["dur.h", 3_600],
  ["dur.m", 60],
  ["dur.s", 1],
] as const;

/** A duration in its two largest units: 2 h 14 m. */
export function formatDuration(t: Translate, seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return "—";
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first < 0) return t("dur.s", { n: 0 });
  const parts: string[] = [];
  let rest = whole;
  for (const [key, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(t(key, { n: count }));
  }
  return parts.join(" ");
}

const two = (n: number) => String(n).padStart(2, "0");

/** Local date and time, largest unit first. */
export function formatAbsolute(at: number): string {
  const d = new Date(at * 1000);
  const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return `${date} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** The zone of the reader's clock, for titles. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** How long ago, under 7 days; the date otherwise. Both in UTC seconds. */
export function formatAgo(t: Translate, at: number | null, now: number): string {
  if (at === null) return "—";
  const age = now - at;
  if (age < 5) return t("time.now");
  if (age < 60) return t("time.seconds", { n: Math.floor(age) });
  if (age < 3_600) return t("time.minutes", { n: Math.floor(age / 60) });
  if (age < 86_400) return t("time.hours", { n: Math.floor(age / 3_600) });
  if (age < 7 * 86_400) return t("time.days", { n: Math.floor(age / 86_400) });
  return formatAbsolute(at).slice(0, 10);
}

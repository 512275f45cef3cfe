import type { Range } from "../view/codec";

/**
 * Where an axis has its lines and labels.
 *
 * Every value is a whole multiple of ten to the power of `exponent`, and the number nearest to it:
 * a label of so many decimals says exactly what the line stands for.
 */
export type Ticks = { values: number[]; exponent: number };

/** A quarter step is easy to read too; steps of a run are whole, so there it stays away. */
const VALUE_LEADS: readonly (readonly [lead: number, shift: number])[] = [[1, 0], [2, 0], [25, -1], [5, 0], [1, 1]];
const STEP_LEADS: typeof VALUE_LEADS = [[1, 0], [2, 0], [5, 0], [1, 1]];
const NONE: Ticks = { values: [], exponent: 0 };

function multiples([low, high]: Range, lead: number, exponent: number): Ticks {
  const increment = Number(`${lead}e${exponent}`);
  // At the edge of what a number can be, an increment may be 0.
  if (!(increment > 0)) return NONE;
  const first = Math.ceil(low / increment - 1e-9);
  const last = Math.floor(high / increment + 1e-9);
  const values = Array.from({ length: last - first + 1 }, (_, i) => {
    // Reading a decimal text gives the nearest number; multiplying would not: 3 * 0.1 is not 0.3.
    const value = Number(`${(first + i) * lead}e${exponent}`);
    return Object.is(value, -0) ? 0 : value;
  });
  return { values: [...new Set(values)], exponent };
}

function ticks(range: Range, most: number, leads: typeof VALUE_LEADS, minExponent: number): Ticks {
  const [low, high] = range;
  const rough = (high - low) / Math.max(1, most);
  if (!(rough > 0) || !Number.isFinite(rough)) return NONE;
  const power = Math.max(minExponent, Math.floor(Math.log10(rough)));
  const [lead, shift] =
    leads.find(([digits, by]) => Number(`${digits}e${power + by}`) >= rough * (1 - 1e-9)) ?? leads.at(-1) ?? [1, 1];
  return multiples(range, lead, power + shift);
}

/** Round values of a linear axis, `most` distances between them at the most. */
export function valueTicks(range: Range, most: number): Ticks {
  return ticks(range, most, VALUE_LEADS, -Infinity);
}

/** Whole steps: half a step is nothing that was ever logged. */
export function stepTicks(range: Range, most: number): Ticks {
  return ticks(range, most, STEP_LEADS, 0);
}

/** Distances between labelled powers of ten. */
const STRIDES = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300];

export type LogTicks = {
  /** Values with a label. */
  major: number[];
  /** Values with a line only, which show that the axis is a logarithmic one. */
  minor: number[];
};

function perDecade([low, high]: Range, leads: readonly number[], stride: number): number[] {
  const first = Math.floor(Math.log10(low) / stride) * stride;
  const last = Math.ceil(Math.log10(high));
  const values: number[] = [];
  for (let power = first; power <= last; power += stride) {
    for (const lead of leads) {
      const value = Number(`${lead}e${power}`);
      if (value >= low && value <= high) values.push(value);
    }
  }
  return values;
}

/**
 * Round values of a logarithmic axis.
 *
 * @param length Length of the axis `[px]`.
 * @param space What a label needs `[px]`.
 */
export function logTicks(range: Range, length: number, space: number): LogTicks {
  const decades = Math.log10(range[1]) - Math.log10(range[0]);
  if (!(decades > 0)) return { major: [], minor: [] };
  const room = length / decades;
  // 0.3 is the smallest distance between 1, 2, 5 and 10, in powers of ten.
  const isWide = room * 0.3 >= space;
  const stride = STRIDES.find((n) => n * room >= space) ?? STRIDES.at(-1) ?? 1;
  const major = isWide ? perDecade(range, [1, 2, 5], 1) : perDecade(range, [1], stride);
  if (major.length < 3 && decades < 1) return { major: valueTicks(range, length / space).values, minor: [] };
  const minor = stride === 1 ? perDecade(range, [1, 2, 3, 4, 5, 6, 7, 8, 9], 1) : [];
  return { major, minor: minor.filter((value) => !major.includes(value)) };
}

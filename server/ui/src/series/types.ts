export type NonFinite = "nan" | "inf" | "-inf";

/** One run's metric as the painter wants it: typed arrays, NaN where there is nothing to draw. */
export type Curve = {
  run: string;
  metric: string;
  /** True: every logged point. False: the last value of each bucket, with its band. */
  isRaw: boolean;
  x: Float64Array;
  y: Float64Array;
  /** Lowest and highest value of each bucket; for raw points the value itself. */
  min: Float64Array;
  max: Float64Array;
  /** Logged points of the range, non-finite ones included. */
  nPoints: number;
  /** Buckets that stand for them; 0 when every point is there itself. */
  nBuckets: number;
  /** The highest value and the first step it was logged at; `null` when no value is finite. */
  peak: { value: number; x: number } | null;
  /** Where each attempt begins: position in `x` and number of the attempt. */
  attempts: readonly (readonly [number, number])[];
  nonfinite: readonly { x: number; kind: NonFinite; count: number }[];
  /** Finite values of the range that a log axis can't show. */
  le0: number;
};

/** What one panel wants to show. `from` and `to` are `null` for the full range. */
export type Want = {
  metric: string;
  runs: readonly string[];
  from: number | null;
  to: number | null;
  px: number;
};

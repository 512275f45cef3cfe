import type { ApiSeries, SeriesAnswer, SeriesRequest } from "../api/types";
import { Lru } from "../lib/lru";
import { curveBytes, decodeSeries } from "./decode";
import { mergeSeries } from "./merge";
import { needKey, needsOf, planRequests, type Need } from "./plan";
import type { Curve, Want } from "./types";

const CACHE_BYTES = 64 * 1024 * 1024;
const MAX_IN_FLIGHT = 2;

type Entry = { api: ApiSeries; curve: Curve | null; isStale: boolean };
type Watcher = { want: Want; onChange: () => void };
type Flight = { abort: AbortController; needs: Need[] };

export type Picture = {
  curves: Curve[];
  /** Runs that do not have the metric. */
  missing: string[];
  /** Something is on its way that will make the picture sharper or fuller. */
  isLoading: boolean;
  error: unknown;
};

export type Fetcher = (request: SeriesRequest, signal: AbortSignal) => Promise<SeriesAnswer>;

/**
 * Curves for the panels on screen: fetched together, kept, and refreshed when a run grows.
 *
 * Panels say what they want; once a frame everything that is missing goes out in as few requests
 * as possible. While a finer range is under way a panel is given what is there.
 */
export class SeriesStore {
  readonly #fetch: Fetcher;
  readonly #defer: (task: () => void) => void;
  readonly #cache = new Lru<Entry>(CACHE_BYTES);
  readonly #latest = new Map<string, string>();
  readonly #lastX = new Map<string, number>();
  readonly #watchers = new Set<Watcher>();
  readonly #flights = new Set<Flight>();
  readonly #errors = new Map<string, unknown>();
  #isPlanned = false;

  constructor(fetcher: Fetcher, defer: (task: () => void) => void) {
    this.#fetch = fetcher;
    this.#defer = defer;
  }

  /** Keep a panel's curves fetched until the returned function is called. */
  watch(want: Want, onChange: () => void): () => void {
    const watcher = { want, onChange };
    this.#watchers.add(watcher);
    this.#plan();
    return () => {
      this.#watchers.delete(watcher);
      this.#plan();
    };
  }

  /** The best picture of a panel that can be drawn right now. */
  read(want: Want): Picture {
    const picture: Picture = { curves: [], missing: [], isLoading: false, error: null };
    for (const need of needsOf(want)) {
      const key = needKey(need);
      const exact = this.#cache.get(key);
      picture.isLoading ||= !exact;
      picture.error ??= this.#errors.get(key) ?? null;
      const entry = exact ?? this.#cache.get(this.#latest.get(pairKey(need)) ?? "");
      if (entry?.curve) picture.curves.push(entry.curve);
      else if (exact) picture.missing.push(need.run);
    }
    return picture;
  }

  /** A run has grown up to step `x`: its curves on screen are fetched again, the others when wanted. */
  advance(run: string, x: number): void {
    const before = this.#lastX.get(run);
    this.#lastX.set(run, x);
    for (const [key, entry] of this.#cache.entries()) {
      if (entry.api.run !== run) continue;
      const end = key.split("\u0000")[3] ?? "";
      const to = end === "" ? Infinity : Number(end);
      // A range that ended before the run's last known step can't have got new points.
      if (before === undefined || to > before) entry.isStale = true;
    }
    this.#plan();
  }

  /** Everything may have changed: after a lost connection, or when a reader asks to try again. */
  refresh(): void {
    this.#errors.clear();
    for (const [, entry] of this.#cache.entries()) entry.isStale = true;
    this.#plan();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#defer(() => {
      this.#isPlanned = false;
      this.#send();
    });
  }

  #wanted(): Map<string, Need> {
    const wanted = new Map<string, Need>();
    for (const { want } of this.#watchers) {
      for (const need of needsOf(want)) wanted.set(needKey(need), need);
    }
    return wanted;
  }

  #send(): void {
    const wanted = this.#wanted();
    for (const flight of this.#flights) {
      if (!flight.needs.some((need) => wanted.has(needKey(need)))) flight.abort.abort();
    }
    const underWay = new Set([...this.#flights].flatMap((flight) => flight.needs.map(needKey)));
    const open = [...wanted].filter(([key]) => !underWay.has(key) && !this.#errors.has(key));
    // A stale curve asks only for what is new, so it can't share a request with one that has nothing.
    const fresh = open.filter(([key]) => !this.#cache.get(key));
    const stale = open.filter(([key]) => this.#cache.get(key)?.isStale);
    for (const batch of [fresh, stale]) {
      for (const { request, needs } of planRequests(batch.map(([, need]) => need))) {
        if (this.#flights.size >= MAX_IN_FLIGHT) return;
        void this.#fly(this.#withCursors(request, needs), needs);
      }
    }
  }

  #withCursors(request: SeriesRequest, needs: readonly Need[]): SeriesRequest {
    const have: Record<string, string> = {};
    for (const need of needs) {
      const api = this.#cache.get(needKey(need))?.api;
      if (api && api.form !== "missing") have[`${need.run}|${need.metric}`] = api.cursor;
    }
    return Object.keys(have).length > 0 ? { ...request, have } : request;
  }

  async #fly(request: SeriesRequest, needs: Need[]): Promise<void> {
    const flight = { abort: new AbortController(), needs };
    this.#flights.add(flight);
    for (const need of needs) {
      const entry = this.#cache.get(needKey(need));
      // Cleared before asking: a notice that arrives meanwhile must count as news again.
      if (entry) entry.isStale = false;
    }
    try {
      const { series } = await this.#fetch(request, flight.abort.signal);
      this.#take(needs, series);
    } catch (error) {
      if (!flight.abort.signal.aborted) needs.forEach((need) => this.#errors.set(needKey(need), error));
    } finally {
      this.#flights.delete(flight);
      this.#tell(needs);
      this.#plan();
    }
  }

  #take(needs: readonly Need[], series: readonly ApiSeries[]): void {
    const answers = new Map(series.map((api) => [pairKey(api), api]));
    for (const need of needs) {
      const api = answers.get(pairKey(need));
      if (!api) continue;
      const key = needKey(need);
      const old = this.#cache.get(key);
      const whole = old ? mergeSeries(old.api, api) : api;
      if (!whole) {
        this.#cache.delete(key);
        continue;
      }
      const curve = decodeSeries(whole);
      this.#cache.set(key, { api: whole, curve, isStale: old?.isStale ?? false }, 2 * curveBytes(curve));
      this.#latest.set(pairKey(need), key);
    }
  }

  #tell(needs: readonly Need[]): void {
    const metrics = new Set(needs.map((need) => need.metric));
    for (const { want, onChange } of this.#watchers) if (metrics.has(want.metric)) onChange();
  }
}

function pairKey({ run, metric }: { run: string; metric: string }): string {
  return `${run}\u0000${metric}`;
}

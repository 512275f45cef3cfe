import uPlot from "uplot";
import { formatAxisStep, formatAxisValue } from "../i18n/format";
import type { Curve } from "../series/types";
import type { RunStyle } from "../theme/palette";
import { SURFACES, type ThemeName } from "../theme/tokens";
import type { Range } from "../view/codec";
import { hoverBus, NO_HOVER, positionOf, readAt, setHover, type Reading } from "./hover";
import { inkOf, paint, type Scene } from "./painter";
import { axisMap, valueAt, wholeSteps, type AxisMap } from "./scales";
import { followers } from "./scheduler";
import { hideTip, showTip } from "./tooltip";

export type PlotState = {
  curves: readonly Curve[];
  styles: ReadonlyMap<string, RunStyle>;
  names: ReadonlyMap<string, string>;
  x: Range;
  y: Range;
  isLog: boolean;
  theme: ThemeName;
};

export type PlotEvents = {
  onZoom: (range: Range) => void;
  onReset: () => void;
  onOpen: (run: string) => void;
};

const FONT = '11px ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif';
const Y_AXIS = 54;
const X_AXIS = 28;
/** Room for the marks of non-finite values between the plot and the step labels. */
const RUG_ROOM = 9;
/** A drag shorter than this is a click `[px]`. */
const MIN_DRAG = 4;
/** Distances between step labels: 1, 2, 5, 10 … */
const STEPS = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((lead) => lead * 10 ** power)).flat();
const NO_DATA: uPlot.AlignedData = [[], []];

/** One panel's drawing: uPlot gives axes, layout and the drag box, everything else is ours. */
export class Plot {
  readonly #u: uPlot;
  readonly #id: string;
  readonly #events: PlotEvents;
  readonly #cross: HTMLElement;
  readonly #dot: HTMLElement;
  readonly #stop: () => void;
  #state: PlotState;
  #focus: string | null = null;

  constructor(id: string, host: HTMLElement, size: { width: number; height: number }, state: PlotState, events: PlotEvents) {
    this.#id = id;
    this.#state = state;
    this.#events = events;
    this.#u = new uPlot(this.#options(size), NO_DATA, host);
    this.#cross = document.createElement("div");
    this.#cross.className = "plot-cross";
    this.#dot = document.createElement("div");
    this.#dot.className = "plot-dot";
    this.#u.over.append(this.#cross, this.#dot);
    this.#u.over.addEventListener("pointermove", this.#onMove);
    this.#u.over.addEventListener("pointerleave", this.#onLeave);
    this.#u.over.addEventListener("click", this.#onClick);
    this.#u.over.addEventListener("dblclick", this.#onDouble);
    this.#stop = hoverBus.subscribe(() => this.#onHover());
    this.#onHover();
  }

  /** Show other data, another range or another theme. */
  update(state: PlotState): void {
    const isOtherScale = state.isLog !== this.#state.isLog;
    this.#state = state;
    const y = this.#u.scales.y;
    if (isOtherScale && y) y.distr = state.isLog ? 3 : 1;
    this.#rescale();
    this.#moveCross();
  }

  resize(size: { width: number; height: number }): void {
    if (size.width !== this.#u.width || size.height !== this.#u.height) this.#u.setSize(size);
  }

  destroy(): void {
    this.#stop();
    followers.cancel(this);
    if (hoverBus.get().panel === this.#id) this.#onLeave();
    this.#u.destroy();
  }

  #options({ width, height }: { width: number; height: number }): uPlot.Options {
    const color = (name: "text-3" | "grid") => () => SURFACES[this.#state.theme][name];
    const grid = { stroke: color("grid"), width: 1 };
    return {
      width,
      height,
      legend: { show: false },
      // The reset is ours, because it concerns all panels; so is the crosshair.
      cursor: {
        x: false, y: false, points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: MIN_DRAG },
        bind: { dblclick: () => null },
      },
      padding: [8, 10, 0, 0],
      scales: {
        x: { time: false, range: () => [...this.#state.x] as [number, number] },
        y: { distr: this.#state.isLog ? 3 : 1, range: () => [...this.#state.y] as [number, number] },
      },
      series: [{}, { scale: "y", paths: () => null, points: { show: false } }],
      axes: [
        {
          stroke: color("text-3"), font: FONT, size: X_AXIS, space: 64, gap: 1,
          grid, ticks: { show: true, size: RUG_ROOM, stroke: "transparent" },
          // Half a step is nothing that was ever logged.
          incrs: STEPS,
          values: (_, splits) => splits.map((value) => formatAxisStep(value)),
        },
        {
          stroke: color("text-3"), font: FONT, size: Y_AXIS, space: 30, gap: 6,
          grid, ticks: { show: false, size: 0 },
          values: (_, splits, __, ___, increment) => this.#yLabels(splits, increment),
        },
      ],
      hooks: {
        draw: [(u) => paint(u.ctx, this.#scene(u))],
        setSelect: [(u) => this.#onSelect(u)],
      },
    };
  }

  #yLabels(splits: (number | null)[], increment: number): (string | null)[] {
    return splits.map((value) => {
      if (value === null) return null;
      if (!this.#state.isLog) return formatAxisValue(value, increment);
      return formatAxisValue(value, Math.abs(value));
    });
  }

  #scene(u: uPlot): Scene {
    const box = u.bbox;
    return {
      curves: this.#state.curves,
      styles: this.#state.styles,
      theme: this.#state.theme,
      ...this.#axes(box.left, box.top, box.width, box.height),
      box,
      ratio: uPlot.pxRatio,
      focus: this.#focus,
    };
  }

  #axes(left: number, top: number, width: number, height: number): { x: AxisMap; y: AxisMap } {
    const { x, y, isLog } = this.#state;
    return { x: axisMap(x, left, left + width, false), y: axisMap(y, top + height, top, isLog) };
  }

  /** Axes in CSS pixels of the plot area, where the pointer is measured. */
  #cssAxes(): { x: AxisMap; y: AxisMap } {
    return this.#axes(0, 0, this.#u.over.clientWidth, this.#u.over.clientHeight);
  }

  #rescale(): void {
    const [x, y] = [this.#state.x, this.#state.y];
    this.#u.batch(() => {
      this.#u.setScale("x", { min: x[0], max: x[1] });
      this.#u.setScale("y", { min: y[0], max: y[1] });
    });
  }

  readonly #onMove = (event: PointerEvent): void => {
    if (event.pointerType === "touch") return;
    const rect = this.#u.over.getBoundingClientRect();
    const [px, py] = [event.clientX - rect.left, event.clientY - rect.top];
    const { x, y } = this.#cssAxes();
    const step = valueAt(x, px / rect.width);
    const readings = readAt(this.#state.curves, x, y, px, py, step);
    this.#show(readings, step, { x: event.clientX, y: event.clientY });
  };

  #show(readings: readonly Reading[], step: number, pointer: { x: number; y: number }): void {
    setHover({ panel: this.#id, run: readings[0]?.curve.run ?? null, x: step });
    showTip(readings, this.#state, pointer);
  }

  readonly #onLeave = (): void => {
    setHover(NO_HOVER);
    hideTip();
  };

  readonly #onClick = (event: MouseEvent): void => {
    const { run } = hoverBus.get();
    if (run && (event.ctrlKey || event.metaKey)) this.#events.onOpen(run);
  };

  readonly #onDouble = (): void => this.#events.onReset();

  #onSelect(u: uPlot): void {
    const { left, width } = u.select;
    if (width < MIN_DRAG) return;
    const { x } = this.#cssAxes();
    const total = u.over.clientWidth;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#events.onZoom(wholeSteps([valueAt(x, left / total), valueAt(x, (left + width) / total)]));
  }

  #onHover(): void {
    const { panel, run } = hoverBus.get();
    const focus = run !== null && this.#state.curves.some((curve) => curve.run === run) ? run : null;
    this.#moveCross();
    if (focus === this.#focus) return;
    this.#focus = focus;
    if (panel === this.#id) {
      followers.cancel(this);
      this.#u.redraw(false, false);
    } else {
      followers.request(this, () => this.#u.redraw(false, false));
    }
  }

  /** The crosshair and the mark on the focused line are elements: moving them draws nothing anew. */
  #moveCross(): void {
    const { x: step, run } = hoverBus.get();
    const { x, y } = this.#cssAxes();
    const isInside = step !== null && step >= x.min && step <= x.max;
    this.#cross.hidden = !isInside;
    const curve = isInside ? this.#state.curves.find((candidate) => candidate.run === run) : undefined;
    const index = curve && step !== null ? nearestIndex(curve, step) : -1;
    const value = curve?.y[index] ?? NaN;
    const at = curve?.x[index] ?? NaN;
    const isOnPlot = Number.isFinite(value) && value >= y.min && value <= y.max && at >= x.min && at <= x.max;
    this.#dot.hidden = !isOnPlot;
    if (isInside) this.#cross.style.transform = `translateX(${x.toPixel(step)}px)`;
    if (!isOnPlot || !curve) return;
    this.#dot.style.transform = `translate(${x.toPixel(at)}px, ${y.toPixel(value)}px)`;
    this.#dot.style.background = inkOf(this.#state, curve.run);
  }
}

/** The point of the newest attempt that is nearest to a step. */
function nearestIndex(curve: Curve, step: number): number {
  const from = curve.attempts.at(-1)?.[0] ?? 0;
  const left = Math.max(from, positionOf(curve.x, step, from, curve.x.length));
  const right = Math.min(curve.x.length - 1, left + 1);
  const isRightNearer = Math.abs((curve.x[right] ?? Infinity) - step) < Math.abs((curve.x[left] ?? Infinity) - step);
  return isRightNearer ? right : left;
}

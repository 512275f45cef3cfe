import uPlot from "uplot";
import type { Curve } from "../series/types";
import type { RunStyle } from "../theme/palette";
import { SURFACES, type ThemeName } from "../theme/tokens";
import type { Range } from "../view/codec";
import { AXIS_FONT, widest, X_END, xLabels, yLabels, type Labelled } from "./axes";
import { moveCursor, nearestIndex, type Cursor } from "./cursor";
import { hoverBus, NO_HOVER, readAt, setHover, type Reading } from "./hover";
import { chartAction, type ChartAction } from "./keys";
import { inkOf, paint, type Scene } from "./painter";
import { axisMap, panBy, valueAt, wholeSteps, zoomAround, type AxisMap } from "./scales";
import { followers } from "./scheduler";
import { hideTip, showTip } from "./tooltip";

export type PlotState = {
  curves: readonly Curve[];
  styles: ReadonlyMap<string, RunStyle>;
  names: ReadonlyMap<string, string>;
  x: Range;
  /** `null` where there is no value to show: an axis would be invented. */
  y: Range | null;
  isLog: boolean;
  /** All steps there are; `null` where only a part has been seen. */
  full: Range | null;
  theme: ThemeName;
};

export type PlotEvents = {
  /** `isMore`: the last zoom goes on, so that it is one step of the history with it. */
  onZoom: (range: Range, isMore?: boolean) => void;
  onReset: () => void;
  onOpen: (run: string) => void;
  /** Say what is read by keyboard. */
  onRead: (reading: Reading) => void;
};

const Y_AXIS = 54;
const X_AXIS = 28;
const Y_GAP = 6;
/** Room for the marks of non-finite values between the plot and the step labels. */
const RUG_ROOM = 9;
/** A drag shorter than this is a click `[px]`. */
const MIN_DRAG = 4;
/** uPlot lays out axes from 0 to 1: what they stand for is ours, from 5e-324 to 1.7e308. */
const UNIT: [number, number] = [0, 1];
const NO_RANGE: Range = [1, 10];
const NO_DATA: uPlot.AlignedData = [[], []];

/** One panel's drawing: uPlot gives axes, layout and the drag box, everything else is ours. */
export class Plot {
  readonly #u: uPlot;
  readonly #id: string;
  readonly #events: PlotEvents;
  readonly #cross: HTMLElement;
  readonly #dot: HTMLElement;
  readonly #stop: () => void;
  readonly #labels: { x: (string | null)[]; y: (string | null)[] } = { x: [], y: [] };
  #state: PlotState;
  #focus: string | null = null;
  #cursor: Cursor | null = null;

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
    this.#state = state;
    this.#u.redraw(false, true);
    this.#moveCross();
    this.#showCursor();
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
    const axis = { stroke: color("text-3"), font: AXIS_FONT, grid, space: 1, incrs: [1] };
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
      padding: [8, X_END, 0, 0],
      scales: { x: { time: false, range: () => UNIT }, y: { range: () => UNIT } },
      series: [{}, { scale: "y", paths: () => null, points: { show: false } }],
      axes: [
        {
          ...axis, size: X_AXIS, gap: 1,
          ticks: { show: true, size: RUG_ROOM, stroke: "transparent" },
          // With one increment from 0 to 1, the space that uPlot finds for it is the whole axis.
          splits: (_, __, ___, ____, _____, length) => this.#place("x", xLabels(this.#state.x, length)),
          values: () => this.#labels.x,
        },
        {
          ...axis, gap: Y_GAP,
          ticks: { show: false, size: 0 },
          splits: (_, __, ___, ____, _____, length) => this.#place("y", yLabels(this.#state.y, this.#state.isLog, length)),
          values: () => this.#labels.y,
          size: () => Math.max(Y_AXIS, widest(this.#labels.y) + Y_GAP + 4),
        },
      ],
      hooks: {
        draw: [(u) => paint(u.ctx, this.#scene(u))],
        setSelect: [(u) => this.#onSelect(u)],
      },
    };
  }

  /** Note the labels of an axis and tell uPlot where they go. */
  #place(axis: "x" | "y", labelled: readonly Labelled[]): number[] {
    const map = this.#axes(0, 1, 1, -1)[axis];
    this.#labels[axis] = labelled.map(({ label }) => label);
    return labelled.map(({ value }) => map.toPixel(value));
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
    return { x: axisMap(x, left, left + width, false), y: axisMap(y ?? NO_RANGE, top + height, top, isLog) };
  }

  /** Axes in CSS pixels of the plot area, where the pointer is measured. */
  #cssAxes(): { x: AxisMap; y: AxisMap } {
    return this.#axes(0, 0, this.#u.over.clientWidth, this.#u.over.clientHeight);
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

  /** Do what a key means in a chart; returns whether it means anything. */
  key(event: KeyboardEvent): boolean {
    const action = chartAction(event);
    if (action === null) return false;
    if (action.kind === "zoom" || action.kind === "pan") this.#change(action, event.repeat);
    else if (action.kind === "leave") this.leave();
    else if (action.kind !== "open") this.#read(action);
    else if (this.#cursor) this.#events.onOpen(this.#cursor.run);
    return true;
  }

  /** Stop reading by keyboard. */
  leave(): void {
    if (this.#cursor) this.#onLeave();
    this.#cursor = null;
  }

  #change(action: Extract<ChartAction, { kind: "zoom" | "pan" }>, isMore: boolean): void {
    const { x, full } = this.#state;
    const next = action.kind === "zoom" ? zoomAround(x, action.factor, this.#cursor?.x ?? NaN) : panBy(x, action.by, full);
    if (full && next[0] <= full[0] && next[1] >= full[1]) this.#events.onReset();
    else if (next[0] !== x[0] || next[1] !== x[1]) this.#events.onZoom(next, isMore);
  }

  #read(action: Extract<ChartAction, { kind: "move" | "end" | "run" }>): void {
    this.#cursor = moveCursor(this.#state.curves, this.#state.x, this.#cursor, action);
    const reading = this.#showCursor();
    if (reading) this.#events.onRead(reading);
  }

  /** Show the point that is read by keyboard as if the pointer were on it. */
  #showCursor(): Reading | null {
    const { run, x: step } = this.#cursor ?? {};
    const curve = this.#state.curves.find((candidate) => candidate.run === run);
    if (!curve || step === undefined || step < this.#state.x[0] || step > this.#state.x[1]) return null;
    const { x, y } = this.#cssAxes();
    const index = nearestIndex(curve, step);
    const value = curve.y[index] ?? NaN;
    const left = x.toPixel(step);
    const top = Number.isFinite(y.toPixel(value)) ? y.toPixel(value) : this.#u.over.clientHeight;
    const own = { curve, index, distance: 0 };
    const others = readAt(this.#state.curves, x, y, left, top, step).filter((reading) => reading.curve.run !== run);
    const rect = this.#u.over.getBoundingClientRect();
    this.#show([own, ...others], step, { x: rect.left + left, y: rect.top + top });
    return own;
  }

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

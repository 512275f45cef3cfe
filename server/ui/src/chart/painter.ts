import type { Curve } from "../series/types";
import { DASHES, type RunStyle } from "../theme/palette";
import { BAND_ALPHA, RUN_HUES, SURFACES, type ThemeName } from "../theme/tokens";
import type { AxisMap } from "./scales";

export type Scene = {
  curves: readonly Curve[];
  styles: ReadonlyMap<string, RunStyle>;
  theme: ThemeName;
  x: AxisMap;
  y: AxisMap;
  /** Plot area in device pixels. */
  box: { left: number; top: number; width: number; height: number };
  /** Device pixels per CSS pixel. */
  ratio: number;
  /** The run under the pointer; the others fade. */
  focus: string | null;
};

const LINE = 1.5;
const FOCUS_LINE = 2.5;
const FADED = 0.25;
const OLD_ATTEMPT = 0.35;
/** Up to this many points each gets a mark; above it the line says enough. */
const MARKED_POINTS = 12;
const RUG = 6;

export function inkOf(scene: Pick<Scene, "theme" | "styles">, run: string): string {
  const hue = scene.styles.get(run)?.hue;
  return hue === undefined ? SURFACES[scene.theme]["text-2"] : (RUN_HUES[scene.theme][hue] ?? SURFACES[scene.theme].text);
}

/** Pieces of a curve that are drawn in one stroke: one an attempt. */
export function strokes(curve: Curve): { from: number; to: number; isCurrent: boolean }[] {
  const starts = curve.attempts.length > 0 ? curve.attempts.map(([index]) => index) : [0];
  return starts.map((from, i) => ({
    from,
    to: starts[i + 1] ?? curve.x.length,
    isCurrent: i === starts.length - 1,
  }));
}

type Piece = ReturnType<typeof strokes>[number];

/** Indices of a piece that can matter for the visible range: one beyond each edge, so lines run out of it. */
function visible(curve: Curve, { from, to }: Piece, x: AxisMap): [number, number] {
  let first = from;
  while (first + 1 < to && (curve.x[first + 1] ?? 0) < x.min) first += 1;
  let last = to - 1;
  while (last > first && (curve.x[last - 1] ?? 0) > x.max) last -= 1;
  return [first, last];
}

function isDrawable(value: number, y: AxisMap): boolean {
  return Number.isFinite(value) && (!y.isLog || value > 0);
}

function tracePath(ctx: CanvasRenderingContext2D, curve: Curve, scene: Scene, first: number, last: number): void {
  ctx.beginPath();
  let isDown = false;
  for (let i = first; i <= last; i += 1) {
    const value = curve.y[i] ?? NaN;
    // A value that can't be drawn breaks the line: joining its neighbours would invent data.
    if (!isDrawable(value, scene.y)) {
      isDown = false;
      continue;
    }
    const px = scene.x.toPixel(curve.x[i] ?? 0);
    const py = scene.y.toPixel(value);
    if (isDown) ctx.lineTo(px, py);
    else ctx.moveTo(px, py);
    isDown = true;
  }
}

function fillBand(ctx: CanvasRenderingContext2D, curve: Curve, scene: Scene, first: number, last: number): void {
  const { x, y, box } = scene;
  const bottom = box.top + box.height;
  const edge = (i: number, values: Float64Array) => {
    const value = values[i] ?? NaN;
    return isDrawable(value, y) ? y.toPixel(value) : bottom;
  };
  let start = first;
  while (start <= last) {
    while (start <= last && !isDrawable(curve.max[start] ?? NaN, y)) start += 1;
    let end = start;
    while (end + 1 <= last && isDrawable(curve.max[end + 1] ?? NaN, y)) end += 1;
    if (start > last) return;
    ctx.beginPath();
    for (let i = start; i <= end; i += 1) ctx.lineTo(x.toPixel(curve.x[i] ?? 0), edge(i, curve.max));
    for (let i = end; i >= start; i -= 1) ctx.lineTo(x.toPixel(curve.x[i] ?? 0), edge(i, curve.min));
    ctx.closePath();
    ctx.fill();
    start = end + 1;
  }
}

function markPoints(ctx: CanvasRenderingContext2D, curve: Curve, scene: Scene, radius: number): void {
  for (let i = 0; i < curve.x.length; i += 1) {
    const value = curve.y[i] ?? NaN;
    const step = curve.x[i] ?? NaN;
    if (!isDrawable(value, scene.y) || step < scene.x.min || step > scene.x.max) continue;
    ctx.beginPath();
    ctx.arc(scene.x.toPixel(step), scene.y.toPixel(value), radius, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** A point whose neighbours can't be drawn has no line; without a mark it would be invisible. */
function hasLonePoint(curve: Curve, y: AxisMap): boolean {
  const drawn = (i: number) => isDrawable(curve.y[i] ?? NaN, y);
  for (let i = 0; i < curve.x.length; i += 1) if (drawn(i) && !drawn(i - 1) && !drawn(i + 1)) return true;
  return false;
}

function strengthOf(scene: Scene, run: string): number {
  return scene.focus === null || scene.focus === run ? 1 : FADED;
}

function drawBands(ctx: CanvasRenderingContext2D, curve: Curve, scene: Scene): void {
  if (curve.isRaw) return;
  ctx.fillStyle = inkOf(scene, curve.run);
  for (const piece of strokes(curve)) {
    const strength = strengthOf(scene, curve.run) * (piece.isCurrent ? 1 : OLD_ATTEMPT);
    ctx.globalAlpha = BAND_ALPHA[scene.theme] * strength;
    fillBand(ctx, curve, scene, ...visible(curve, piece, scene.x));
  }
}

function drawLine(ctx: CanvasRenderingContext2D, curve: Curve, scene: Scene): void {
  const isFocused = scene.focus === curve.run;
  const ink = inkOf(scene, curve.run);
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.lineWidth = (isFocused ? FOCUS_LINE : LINE) * scene.ratio;
  const dash = DASHES[scene.styles.get(curve.run)?.dash ?? 0] ?? [];
  ctx.setLineDash(dash.map((length) => length * scene.ratio));
  for (const piece of strokes(curve)) {
    ctx.globalAlpha = strengthOf(scene, curve.run) * (piece.isCurrent ? 1 : OLD_ATTEMPT);
    tracePath(ctx, curve, scene, ...visible(curve, piece, scene.x));
    ctx.stroke();
  }
  ctx.globalAlpha = strengthOf(scene, curve.run);
  const isSparse = curve.isRaw && curve.x.length <= MARKED_POINTS;
  if (isSparse || hasLonePoint(curve, scene.y)) {
    markPoints(ctx, curve, scene, (isFocused ? 3.5 : 2.5) * scene.ratio);
  }
}

function rugShape(ctx: CanvasRenderingContext2D, kind: string, x: number, top: number, size: number): void {
  const half = size / 2;
  const tip = kind === "inf" ? top : top + size;
  const base = kind === "inf" ? top + size : top;
  ctx.beginPath();
  ctx.moveTo(x - half, base);
  ctx.lineTo(x + half, base);
  ctx.lineTo(x, tip);
  ctx.closePath();
  // Hollow marks are NaN and +Inf, the filled one is −Inf: three shapes without colour.
  if (kind === "-inf") ctx.fill();
  else ctx.stroke();
}

/** Marks below the plot where values are not finite. */
function drawRug(ctx: CanvasRenderingContext2D, curve: Curve, scene: Scene): void {
  const { box, ratio, x } = scene;
  const size = RUG * ratio;
  ctx.strokeStyle = inkOf(scene, curve.run);
  ctx.fillStyle = ctx.strokeStyle;
  ctx.lineWidth = ratio;
  ctx.setLineDash([]);
  ctx.globalAlpha = strengthOf(scene, curve.run);
  const top = box.top + box.height + 2 * ratio;
  let reached = -Infinity;
  for (const mark of curve.nonfinite) {
    if (mark.x < x.min || mark.x > x.max) continue;
    const px = x.toPixel(mark.x);
    // A thousand NaN in a row would be a solid bar of strokes: touching marks are drawn once.
    if (px - reached < size && mark.kind === "nan") continue;
    reached = px;
    rugShape(ctx, mark.kind, px, top, size);
  }
}

/** Draw all curves of a panel: bands first, then lines with the focused one on top, then the rug. */
export function paint(ctx: CanvasRenderingContext2D, scene: Scene): void {
  const { box } = scene;
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  ctx.lineJoin = "round";
  const ordered = [...scene.curves].sort((a, b) => Number(a.run === scene.focus) - Number(b.run === scene.focus));
  for (const curve of ordered) drawBands(ctx, curve, scene);
  for (const curve of ordered) drawLine(ctx, curve, scene);
  ctx.restore();
  ctx.save();
  for (const curve of ordered) drawRug(ctx, curve, scene);
  ctx.restore();
}

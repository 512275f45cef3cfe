import { currentT } from "../i18n";
import { digitsFor, formatMetric } from "../i18n/format";
import { groupDigits, lang } from "../i18n";
import { DASHES, type RunStyle } from "../theme/palette";
import { attemptAt, type Reading } from "./hover";
import { placeBeside } from "./placement";

const ROWS = 8;

let element: HTMLElement | null = null;

/** The one tooltip of the page; it never takes the pointer. */
function tip(): HTMLElement {
  if (element) return element;
  element = document.createElement("div");
  element.className = "tip";
  // The same values are announced for keyboard readers by the status line.
  element.setAttribute("aria-hidden", "true");
  element.hidden = true;
  document.body.append(element);
  return element;
}

function part(tag: string, className: string, text = ""): HTMLElement {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function swatch(style: RunStyle | undefined): HTMLElement {
  const node = part("span", "tip-swatch");
  if (style) node.dataset.slot = String(style.hue);
  if (style && style.dash % DASHES.length > 0) node.dataset.dash = String(style.dash);
  return node;
}

type Labels = { names: ReadonlyMap<string, string>; styles: ReadonlyMap<string, RunStyle> };

function row({ curve, index }: Reading, isFocused: boolean, digits: number, labels: Labels): HTMLElement {
  const t = currentT();
  const node = part("div", isFocused ? "tip-row is-focused" : "tip-row");
  node.append(swatch(labels.styles.get(curve.run)), part("span", "tip-name", labels.names.get(curve.run) ?? curve.run));
  const { attempt, isCurrent } = attemptAt(curve, index);
  if (!isCurrent) node.append(part("span", "tip-note", t("panel.attempt", { n: attempt })));
  const low = curve.min[index] ?? NaN;
  const high = curve.max[index] ?? NaN;
  if (isFocused && !curve.isRaw && low < high) {
    node.append(part("span", "tip-note", `${formatMetric(low)}–${formatMetric(high)}`));
  }
  const value = curve.y[index] ?? NaN;
  node.append(part("span", "tip-value", formatMetric(value, digits)));
  return node;
}

/** Show the nearest rows beside the pointer. */
export function showTip(readings: readonly Reading[], labels: Labels, pointer: { x: number; y: number }): void {
  const node = tip();
  const [focused] = readings;
  if (!focused) {
    node.hidden = true;
    return;
  }
  const t = currentT();
  const shown = readings.slice(0, ROWS);
  const digits = digitsFor(shown.map(({ curve, index }) => curve.y[index] ?? null));
  const step = groupDigits(focused.curve.x[focused.index] ?? 0, lang.get());
  const rows = shown.map((reading) => row(reading, reading === focused, digits, labels));
  const rest = readings.length - shown.length;
  node.replaceChildren(
    part("div", "tip-head", `${t("panel.step")} ${step}`),
    ...rows,
    ...(rest > 0 ? [part("div", "tip-more", `+${t("panel.more", { n: rest })}`)] : []),
  );
  node.hidden = false;
  const window = { width: innerWidth, height: innerHeight };
  const { left, top } = placeBeside(pointer, { width: node.offsetWidth, height: node.offsetHeight }, window);
  node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

export function hideTip(): void {
  if (element) element.hidden = true;
}

import { currentT, lang } from "../i18n";
import { showControls, splitLabel } from "../i18n/names";
import { DASHES, type RunStyle } from "../theme/palette";
import type { Reading } from "./hover";
import { placeBeside } from "./placement";
import { tipContent, type TipRow } from "./tip-rows";

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

/** As `RunName` does it; a tooltip is not drawn by React. */
function nameOf(label: string): HTMLElement {
  const [head, tail] = splitLabel(showControls(label));
  const node = part("span", "tip-name name");
  node.dir = "auto";
  node.append(part("span", "name-head", head), ...(tail === "" ? [] : [part("span", "", tail)]));
  return node;
}

type Labels = { names: ReadonlyMap<string, string>; styles: ReadonlyMap<string, RunStyle> };

function row({ run, name, notes, value }: TipRow, isFocused: boolean, labels: Labels): HTMLElement {
  const node = part("div", isFocused ? "tip-row is-focused" : "tip-row");
  node.append(
    swatch(labels.styles.get(run)),
    nameOf(name),
    ...notes.map((note) => part("span", "tip-note", note)),
    part("span", "tip-value", value),
  );
  return node;
}

/** Show the nearest rows beside the pointer. */
export function showTip(readings: readonly Reading[], labels: Labels, pointer: { x: number; y: number }): void {
  const node = tip();
  const content = tipContent(readings, labels.names, currentT(), lang.get());
  node.hidden = content === null;
  if (!content) return;
  node.replaceChildren(
    part("div", "tip-head", content.head),
    ...content.rows.map((each, i) => row(each, i === 0, labels)),
    ...(content.more === null ? [] : [part("div", "tip-more", content.more)]),
  );
  const window = { width: innerWidth, height: innerHeight };
  const { left, top } = placeBeside(pointer, { width: node.offsetWidth, height: node.offsetHeight }, window);
  node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

export function hideTip(): void {
  if (element) element.hidden = true;
}

import { createPref } from "../lib/prefs";
import { useRef, type KeyboardEvent, type PointerEvent } from "../lib/react";

const MIN = 260;
const MAX = 900;
/** Room for all columns of the list, a scroll bar and a name of some words. */
const DEFAULT = 490;
const STEP = 24;

const clamp = (width: number) => Math.min(MAX, Math.max(MIN, Math.round(width)));

/** Width of the run list; a personal thing, so not in the address. */
export const listWidth = createPref("list-width", (text) => (text === null || Number.isNaN(Number(text)) ? DEFAULT : clamp(Number(text))));

/** The bar between list and charts: drag it or use the arrow keys. */
export function Resizer({ label, width }: { label: string; width: number }) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const onMove = (event: PointerEvent) => {
    if (from.current) listWidth.set(clamp(from.current.width + event.clientX - from.current.x));
  };
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === "ArrowLeft" ? -STEP : event.key === "ArrowRight" ? STEP : 0;
    if (by === 0) return;
    event.preventDefault();
    listWidth.set(clamp(width + by));
  };
  return (
    // A separator that can be moved is a control by its ARIA pattern; the rule knows only the fixed kind.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      role="separator"
      className="resizer"
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={MIN}
      aria-valuemax={MAX}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        from.current = { x: event.clientX, width };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={onMove}
      onPointerUp={() => {
        from.current = null;
      }}
      onDoubleClick={() => listWidth.set(DEFAULT)}
    />
  );
}

import X from "lucide-react/icons/x";
import { useT, type Key } from "../i18n";
import { useEffect, useRef } from "../lib/react";
import type { Shortcut } from "./shortcuts";

/** Keys whose names nobody says, with what is printed on them. */
const SIGNS: Partial<Record<string, [sign: string, name: Extract<Key, `key.${string}`>]>> = {
  ArrowUp: ["↑", "key.up"],
  ArrowDown: ["↓", "key.down"],
  ArrowLeft: ["←", "key.left"],
  ArrowRight: ["→", "key.right"],
};

/** Keys that are held and pressed together, each as it is printed on the keyboard. */
function Press({ press }: { press: string }) {
  const t = useT();
  const keys = press.length > 1 ? press.split("+") : [press];
  return (
    <span className="keys-press">
      {keys.map((key) => {
        const [sign, name] = SIGNS[key] ?? [keys.length > 1 ? key.replace(/^[a-z]$/, (c) => c.toUpperCase()) : key, null];
        return (
          <kbd key={key} aria-label={name ? t(name) : undefined}>
            {sign}
          </kbd>
        );
      })}
    </span>
  );
}

function Rows({ shortcuts }: { shortcuts: readonly Shortcut[] }) {
  const t = useT();
  return (
    <dl className="keys">
      {shortcuts.map((shortcut) => (
        <div className="keys-row" key={shortcut.label}>
          <dt>
            {shortcut.keys.map((press) => (
              <Press key={press} press={press} />
            ))}
          </dt>
          <dd>{t(shortcut.label)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The keys that work on this page, in a native dialog. */
export function ShortcutList({ shortcuts, onClose }: { shortcuts: readonly Shortcut[]; onClose: () => void }) {
  const t = useT();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const inChart = shortcuts.filter((shortcut) => shortcut.isInChart);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="keys-title" onClose={onClose}>
      <header className="dialog-head">
        <h2 id="keys-title">{t("keys.title")}</h2>
        <button type="button" className="icon-button" aria-label={t("app.close")} onClick={() => dialog.current?.close()}>
          <X className="icon" />
        </button>
      </header>
      <Rows shortcuts={shortcuts.filter((shortcut) => !shortcut.isInChart)} />
      {inChart.length > 0 && (
        <>
          <h3 className="keys-part">{t("keys.in_chart")}</h3>
          <Rows shortcuts={inChart} />
        </>
      )}
    </dialog>
  );
}

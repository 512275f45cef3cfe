import X from "lucide-react/icons/x";
import { useT } from "../i18n";
import { useEffect, useRef } from "../lib/react";
import type { Shortcut } from "./shortcuts";

function Row({ shortcut }: { shortcut: Shortcut }) {
  const t = useT();
  return (
    <div className="keys-row">
      <dt>
        {shortcut.keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{t(shortcut.label)}</dd>
    </div>
  );
}

/** The keys that work on this page, in a native dialog. */
export function ShortcutList({ shortcuts, onClose }: { shortcuts: readonly Shortcut[]; onClose: () => void }) {
  const t = useT();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="keys-title" onClose={onClose}>
      <header className="dialog-head">
        <h2 id="keys-title">{t("keys.title")}</h2>
        <button type="button" className="icon-button" aria-label={t("app.close")} onClick={() => dialog.current?.close()}>
          <X className="icon" />
        </button>
      </header>
      <dl className="keys">
        {shortcuts.map((shortcut) => (
          <Row key={shortcut.label} shortcut={shortcut} />
        ))}
      </dl>
    </dialog>
  );
}

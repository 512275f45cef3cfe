import { explain } from "../api/errors";
import { useT } from "../i18n";
import { Component, useEffect, useState, type ReactNode } from "../lib/react";

/** What happened, why, and a way to try again. */
export function ErrorStrip({ text, error, onRetry }: { text: string; error: unknown; onRetry: () => void }) {
  const t = useT();
  return (
    <div className="strip strip-danger" role="alert">
      <span>
        {text} {explain(t, error)}
      </span>
      <button type="button" className="button" onClick={onRetry}>
        {t("ws.retry")}
      </button>
    </div>
  );
}

/** Shows its content only when the wait is long enough to be noticed. */
export function Delayed({ children }: { children: ReactNode }) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? children : null;
}

export function Loading() {
  const t = useT();
  return (
    <Delayed>
      <p className="empty">{t("app.loading")}</p>
    </Delayed>
  );
}

function Crashed() {
  const t = useT();
  return (
    <div className="strip strip-danger" role="alert">
      <span>{t("app.crashed")}</span>
      <button type="button" className="button" onClick={() => location.reload()}>
        {t("app.reload")}
      </button>
    </div>
  );
}

/** Keeps a fault in one page from taking the whole shell down. React has no hook for this. */
export class Boundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? <Crashed /> : this.props.children;
  }
}

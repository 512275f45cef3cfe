import type { Status } from "../api/types";
import { useT } from "../i18n";

// Five silhouettes, so that the state is readable without colour.
const SHAPES: Record<Status, string> = {
  running: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3Z",
  finished: "M2.6 8.4 4.3 6.7l2.5 2.5 5-5 1.7 1.7-6.7 6.7Z",
  failed: "M4.4 2.8 8 6.4l3.6-3.6 1.6 1.6L9.6 8l3.6 3.6-1.6 1.6L8 9.6l-3.6 3.6-1.6-1.6L6.4 8 2.8 4.4Z",
  interrupted: "M3.5 3h3.2v10H3.5ZM9.3 3h3.2v10H9.3Z",
  killed: "M3.5 3.5h9v9h-9Z",
  lost: "M8 2.6c2.1 0 3.6 1.3 3.6 3.1 0 1.4-.8 2.1-1.6 2.7-.7.5-.9.8-.9 1.4H6.9c0-1.6.8-2.3 1.6-2.9.6-.5.9-.7.9-1.2 0-.6-.5-1-1.4-1s-1.4.5-1.5 1.3H4.3C4.4 4 5.9 2.6 8 2.6ZM6.8 11h2.4v2.3H6.8Z",
};

/** A run's state as shape and word. */
export function StatusMark({ status }: { status: Status }) {
  const t = useT();
  return (
    <span className={`status status-${status}`}>
      <svg className="status-shape" viewBox="0 0 16 16" aria-hidden="true">
        <path d={SHAPES[status]} />
      </svg>
      <span className="status-word">{t(`status.${status}`)}</span>
    </span>
  );
}

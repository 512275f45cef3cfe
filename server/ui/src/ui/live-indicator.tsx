import { connection, lastMessageAt, togglePause, type Connection } from "../api/live";
import { useT } from "../i18n";
import { formatAgo } from "../i18n/format";
import { useStore } from "../lib/use-store";
import { say } from "./say";
import { useShortcuts } from "./shortcuts";
import { useNow } from "./use-now";

export type LiveState = "live" | "idle" | "paused" | "reconnecting" | "offline";

/** The word for a connection: an open one is only live while something runs. */
export function liveState(state: Connection, nRunning: number): LiveState {
  if (state === "open" || state === "connecting") return nRunning > 0 ? "live" : "idle";
  return state;
}

const SHAPES: Record<LiveState, string> = {
  live: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3Z",
  idle: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3Zm0 1.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8Z",
  paused: "M4 3h3v10H4ZM9 3h3v10H9Z",
  reconnecting: "M8 3a5 5 0 0 1 5 5h-1.6A3.4 3.4 0 0 0 8 4.6ZM8 13a5 5 0 0 1-5-5h1.6A3.4 3.4 0 0 0 8 11.4Z",
  offline: "M4.4 2.8 8 6.4l3.6-3.6 1.6 1.6L9.6 8l3.6 3.6-1.6 1.6L8 9.6l-3.6 3.6-1.6-1.6L6.4 8 2.8 4.4Z",
};

/** Says whether the page is up to date; a click pauses or resumes. */
export function LiveIndicator({ nRunning }: { nRunning: number }) {
  const t = useT();
  const state = liveState(useStore(connection), nRunning);
  const heard = useStore(lastMessageAt);
  const now = useNow(5);
  const toggle = () => say(t(togglePause() ? "live.said_paused" : "live.said_resumed"));
  useShortcuts([{ keys: ["l"], label: "keys.live", run: toggle }]);
  const time = heard === null ? t("live.no_message") : formatAgo(t, heard / 1000, now);
  return (
    <button
      type="button"
      className={`live live-${state}`}
      onClick={toggle}
      aria-pressed={state === "paused"}
      title={state === "paused" ? t("live.resume") : t("live.pause", { time })}
    >
      <svg className="status-shape" viewBox="0 0 16 16" aria-hidden="true">
        <path fillRule="evenodd" d={SHAPES[state]} />
      </svg>
      {t(`live.${state}`)}
    </button>
  );
}

/** The band below the bar while what is shown may be old. */
export function LiveBand() {
  const t = useT();
  const state = useStore(connection);
  const heard = useStore(lastMessageAt);
  const now = useNow(5);
  const time = heard === null ? t("live.no_message") : formatAgo(t, heard / 1000, now);
  if (state === "paused") return <div className="band band-quiet">{t("live.paused_band", { time })}</div>;
  if (state !== "reconnecting" && state !== "offline") return null;
  return (
    <div className="band" role="alert">
      <strong>{t("live.gone")}</strong> {t("live.gone_hint", { command: "runicorn viewer", time })}
    </div>
  );
}

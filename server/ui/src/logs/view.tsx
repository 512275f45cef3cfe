import ArrowDown from "lucide-react/icons/arrow-down";
import { lang, useT } from "../i18n";
import { useEffect, useLayoutEffect, useRef, useState } from "../lib/react";
import { createPref, oneOf } from "../lib/prefs";
import { useStore } from "../lib/use-store";
import { useSize } from "../ui/use-size";
import { isAtEnd, sliceOf } from "../ui/window";
import type { LogBuffer, Row } from "./buffer";
import { LogLine } from "./line";
import { openLog, type LogState } from "./socket";

const LINE_HEIGHT = 18;
const EXTRA_LINES = 60;
const NO_ROW: Row = { text: "", number: 0, n: 1 };

type Log = { state: LogState; buffer: LogBuffer | null; length: number; nDropped: number; nRows: number };
const NOTHING: Log = { state: "connecting", buffer: null, length: 0, nDropped: 0, nRows: 0 };

/** Whether progress bars take one line each; a personal thing, so not in the address. */
const folding = createPref("log-fold", oneOf("on", "off"));

function useLog(id: string): Log {
  const [log, setLog] = useState<Log>(NOTHING);
  useEffect(() => {
    const feed = openLog(id, (state) => {
      const { buffer } = feed;
      setLog({ state, buffer, length: buffer.length, nDropped: buffer.nDropped, nRows: buffer.nRows });
    });
    return () => feed.close();
  }, [id]);
  return log;
}

/** Follows the end of the log exactly while the reader is there. */
function useFollow(n: number, nGone: number) {
  const box = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [isFollowing, setFollowing] = useState(true);
  const { height } = useSize(box);
  const nGoneBefore = useRef(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // Lines that were let go of must not move what is being read.
    if (!isFollowing) element.scrollTop -= (nGone - nGoneBefore.current) * LINE_HEIGHT;
    nGoneBefore.current = nGone;
    if (isFollowing) element.scrollTop = element.scrollHeight;
  }, [n, nGone, isFollowing, height]);
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    setScrollTop(element.scrollTop);
    setFollowing(isAtEnd(element.scrollTop, element.clientHeight, element.scrollHeight, LINE_HEIGHT));
  };
  const goToEnd = () => {
    setFollowing(true);
    box.current?.focus();
  };
  return { box, scrollTop, height, isFollowing, onScroll, goToEnd };
}

function useHasNews(length: number, isFollowing: boolean): boolean {
  const seen = useRef(0);
  if (isFollowing) seen.current = length;
  return !isFollowing && length > seen.current;
}

function Notice({ log }: { log: Log }) {
  const t = useT();
  if (log.state === "lost") return <p className="strip strip-warn">{t("logs.lost")}</p>;
  if (log.state === "none") return <p className="empty">{t("logs.none")}</p>;
  if (log.length > 0) return null;
  return <p className="empty">{t(log.state === "open" ? "logs.empty" : "logs.connecting")}</p>;
}

/** What the run printed, as it prints it. */
export function LogView({ id, isRunning }: { id: string; isRunning: boolean }) {
  const t = useT();
  const language = useStore(lang);
  const log = useLog(id);
  const isFolded = useStore(folding) === "on";
  const n = isFolded ? log.nRows : log.length;
  const nGone = (isFolded ? log.buffer?.nRowsDropped : log.nDropped) ?? 0;
  const { box, scrollTop, height, isFollowing, onScroll, goToEnd } = useFollow(n, nGone);
  const hasNews = useHasNews(log.length + log.nDropped, isFollowing);
  const { first, last } = sliceOf(scrollTop, height, LINE_HEIGHT, n, EXTRA_LINES);
  const indices = [...Array(last - first).keys()].map((i) => first + i);
  const rowAt = (index: number) => (isFolded ? log.buffer?.row(index) : log.buffer?.line(index)) ?? NO_ROW;
  return (
    <section className="log" aria-label={t("logs.label")}>
      <div className="log-bar">
        <span className="quiet">{t("logs.lines", { n: log.length + log.nDropped })}</span>
        {log.nDropped > 0 && <span>{t("logs.dropped", { n: log.nDropped })}</span>}
        <span className="spring" />
        {log.nRows < log.length && (
          <label className="check">
            <input type="checkbox" checked={isFolded} onChange={() => folding.set(isFolded ? "off" : "on")} />
            {t("logs.fold")}
          </label>
        )}
        {isFollowing ? (
          <span className="quiet">{t(isRunning ? "logs.follow" : "logs.end")}</span>
        ) : (
          <button type="button" className={hasNews ? "button button-accent" : "button"} onClick={goToEnd}>
            {t(hasNews ? "logs.new" : "logs.at_end")}
            <ArrowDown className="icon icon-small" />
          </button>
        )}
      </div>
      <Notice log={log} />
      {/* A box that scrolls has to be reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="log-box" ref={box} onScroll={onScroll} role="log" aria-live="off" tabIndex={0}>
        <div className="log-space" style={{ height: n * LINE_HEIGHT }}>
          {indices.map((index) => {
            const row = rowAt(index);
            return (
              <LogLine
                key={nGone + index}
                text={row.text}
                number={row.number}
                top={index * LINE_HEIGHT}
                language={language}
                note={row.n > 1 ? t("logs.updates", { n: row.n }) : null}
              />
            );
          })}
        </div>
      </div>
    </section>
  );
}

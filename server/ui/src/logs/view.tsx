import ArrowDown from "lucide-react/icons/arrow-down";
import { lang, useT } from "../i18n";
import { useEffect, useLayoutEffect, useRef, useState } from "../lib/react";
import { useStore } from "../lib/use-store";
import { useSize } from "../ui/use-size";
import { isAtEnd, sliceOf } from "../ui/window";
import type { LogBuffer } from "./buffer";
import { LogLine } from "./line";
import { openLog, type LogState } from "./socket";

const LINE_HEIGHT = 18;
const EXTRA_LINES = 60;

type Log = { state: LogState; buffer: LogBuffer | null; length: number; nDropped: number };
const NOTHING: Log = { state: "connecting", buffer: null, length: 0, nDropped: 0 };

function useLog(id: string): Log {
  const [log, setLog] = useState<Log>(NOTHING);
  useEffect(() => {
    const feed = openLog(id, (state) => {
      const { buffer } = feed;
      setLog({ state, buffer, length: buffer.length, nDropped: buffer.nDropped });
    });
    return () => feed.close();
  }, [id]);
  return log;
}

/** Follows the end of the log exactly while the reader is there. */
function useFollow(log: Log) {
  const box = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [isFollowing, setFollowing] = useState(true);
  const { height } = useSize(box);
  const nDropped = useRef(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // Lines that were let go of must not move what is being read.
    if (!isFollowing) element.scrollTop -= (log.nDropped - nDropped.current) * LINE_HEIGHT;
    nDropped.current = log.nDropped;
    if (isFollowing) element.scrollTop = element.scrollHeight;
  }, [log.length, log.nDropped, isFollowing, height]);
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
  const { box, scrollTop, height, isFollowing, onScroll, goToEnd } = useFollow(log);
  const hasNews = useHasNews(log.length + log.nDropped, isFollowing);
  const { first, last } = sliceOf(scrollTop, height, LINE_HEIGHT, log.length, EXTRA_LINES);
  const indices = [...Array(last - first).keys()].map((i) => first + i);
  return (
    <section className="log" aria-label={t("logs.label")}>
      <div className="log-bar">
        <span className="quiet">{t("logs.lines", { n: log.length + log.nDropped })}</span>
        {log.nDropped > 0 && <span>{t("logs.dropped", { n: log.nDropped })}</span>}
        <span className="spring" />
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
        <div className="log-space" style={{ height: log.length * LINE_HEIGHT }}>
          {indices.map((index) => (
            <LogLine
              key={log.nDropped + index}
              text={log.buffer?.at(index) ?? ""}
              number={log.nDropped + index + 1}
              top={index * LINE_HEIGHT}
              language={language}
            />
          ))}
        </div>
      </div>
    </section>
  );
}

import ArrowLeft from "lucide-react/icons/arrow-left";
import { Link, useLocation } from "wouter";
import { explain, isNotFound } from "../api/errors";
import { useRun } from "../api/queries";
import type { ExperimentDetail } from "../api/types";
import { useTopics } from "../api/use-live";
import { useT } from "../i18n";
import { formatDuration } from "../i18n/format";
import { showControls } from "../i18n/names";
import { useEffect, useRef, type KeyboardEvent } from "../lib/react";
import { LogView } from "../logs/view";
import { paths, RUN_TABS, type RunTab } from "../routes";
import { hueOf } from "../theme/palette";
import { Loading } from "../ui/states";
import { StatusMark } from "../ui/status-shape";
import { useNow } from "../ui/use-now";
import { RunMetrics } from "./metrics";
import { Overview } from "./overview";

function Unknown({ id, error }: { id: string; error: unknown }) {
  const t = useT();
  const isUnknown = isNotFound(error);
  return (
    <div className="empty">
      <p>{isUnknown ? t("run.unknown", { id }) : `${t("run.failed")} ${explain(t, error)}`}</p>
      {isUnknown && <p className="quiet">{t("run.unknown_hint")}</p>}
      <p>
        <Link href={paths.home}>{t("app.home_link")}</Link>
      </p>
    </div>
  );
}

/** Tabs are links, so that each has an address; the arrow keys move between them. */
function Tabs({ id, tab }: { id: string; tab: RunTab }) {
  const t = useT();
  const [, navigate] = useLocation();
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = RUN_TABS[(RUN_TABS.indexOf(tab) + by + RUN_TABS.length) % RUN_TABS.length];
    if (by === 0 || !next) return;
    event.preventDefault();
    navigate(paths.run(id, next));
    list.current?.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label={t("run.tabs")} ref={list}>
      {RUN_TABS.map((name) => (
        <Link
          key={name}
          href={paths.run(id, name)}
          role="tab"
          id={`tab-${name}`}
          className="tab"
          data-tab={name}
          aria-selected={tab === name}
          aria-controls="run-panel"
          tabIndex={tab === name ? 0 : -1}
          onKeyDown={onKeyDown}
        >
          {t(`run.${name}`)}
        </Link>
      ))}
    </div>
  );
}

function Head({ detail }: { detail: ExperimentDetail }) {
  const t = useT();
  const now = useNow();
  const run = detail.experiment;
  const isRunning = run.status === "running" && run.started_at !== null;
  const seconds = isRunning ? now - (run.started_at ?? now) : run.duration_s;
  return (
    <header className="run-head">
      <Link href={paths.project(run.project)} className="run-back" title={t("run.back", { project: run.project })}>
        <ArrowLeft className="icon" />
        {run.project}
      </Link>
      <h1 className="run-name">
        <span className="dot-mark dot-mark-filled" data-slot={hueOf(run.slot)} />
        {showControls(run.name)}
      </h1>
      <StatusMark status={run.status} />
      <span>{formatDuration(t, seconds)}</span>
      <span className="quiet">{run.hostname}</span>
      {run.tags.map((tag) => (
        <span key={tag} className="badge">
          <span className="badge-text">{showControls(tag)}</span>
        </span>
      ))}
    </header>
  );
}

function Part({ tab, detail }: { tab: RunTab; detail: ExperimentDetail }) {
  if (tab === "logs") return <LogView id={detail.experiment.id} isRunning={detail.experiment.status === "running"} />;
  return tab === "metrics" ? <RunMetrics detail={detail} /> : <Overview detail={detail} />;
}

/** What is this run doing, and how was it made? */
export function RunPage({ id, tab }: { id: string; tab: RunTab }) {
  const { data, error } = useRun(id);
  const run = data?.experiment;
  const isRunning = run?.status === "running";
  useTopics([...(run ? [{ t: "runs" as const, project: run.project }] : []), ...(isRunning ? [{ t: "series" as const, runs: [run.id] }] : [])]);
  useEffect(() => {
    if (run) document.title = `${run.name} · ${run.project} · Runicorn`;
  }, [run]);
  return (
    <main id="content" className="page run" data-tab={tab}>
      {error && !data && <Unknown id={id} error={error} />}
      {!data && !error && <Loading />}
      {data && (
        <>
          <Head detail={data} />
          <Tabs id={data.experiment.id} tab={tab} />
          <div className="run-panel" id="run-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
            <Part tab={tab} detail={data} />
          </div>
        </>
      )}
    </main>
  );
}


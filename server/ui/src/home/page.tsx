import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { bootQuery, runningQuery } from "../api/queries";
import type { Boot, Experiment, ProjectSummary } from "../api/types";
import { useT } from "../i18n";
import { formatDuration, formatMetric, toNumber } from "../i18n/format";
import { distinguish, showControls } from "../i18n/names";
import { useEffect, useMemo } from "../lib/react";
import { paths } from "../routes";
import { CopyButton } from "../ui/copy";
import { ErrorStrip, Loading } from "../ui/states";
import { RunName } from "../ui/run-name";
import { StatusMark } from "../ui/status-shape";
import { Ago } from "../ui/time";
import { useNow } from "../ui/use-now";
import { SNIPPET } from "./snippet";

function Empty({ root }: { root: string }) {
  const t = useT();
  return (
    <section className="first-run">
      <p className="first-run-title">{t("home.snippet")}</p>
      <div className="snippet">
        <pre>
          <code>{SNIPPET}</code>
        </pre>
        <CopyButton text={SNIPPET} />
      </div>
      <p>{t("home.waiting")}</p>
      <p className="quiet">{t("home.root", { path: root })}</p>
    </section>
  );
}

function RunningCard({ run, label }: { run: Experiment; label: string }) {
  const t = useT();
  const now = useNow();
  const seconds = run.started_at === null ? null : now - run.started_at;
  return (
    <li className="card">
      <Link href={paths.run(run.id)} className="card-name" title={showControls(run.name)}>
        <RunName label={label} />
      </Link>
      <span className="card-project">{run.project}</span>
      <span className="card-line">
        <StatusMark status={run.status} />
        <span>{formatDuration(t, seconds)}</span>
      </span>
      <span className="card-line">
        {run.best_metric_name !== null && (
          <span>
            {run.best_metric_name} <b>{formatMetric(toNumber(run.best_metric_value))}</b>
          </span>
        )}
        <span className="quiet">{run.hostname}</span>
      </span>
    </li>
  );
}

function RunningNow() {
  const t = useT();
  const { data } = useQuery(runningQuery);
  const names = useMemo(() => distinguish(data?.experiments ?? []), [data]);
  if (!data || data.experiments.length === 0) return null;
  return (
    <section aria-labelledby="running-title">
      <h2 id="running-title">
        {t("home.running")} <span className="quiet">{data.total}</span>
      </h2>
      <ul className="cards">
        {data.experiments.map((run) => (
          <RunningCard key={run.id} run={run} label={names.get(run.id) ?? run.name} />
        ))}
      </ul>
    </section>
  );
}

function ProjectRow({ project }: { project: ProjectSummary }) {
  return (
    <tr>
      <th scope="row">
        <Link href={paths.project(project.project)}>{project.project}</Link>
      </th>
      <td className="num">{project.n_runs}</td>
      <td className="num">{project.n_running > 0 ? project.n_running : ""}</td>
      <td>
        <Ago at={project.last_activity_at} />
      </td>
    </tr>
  );
}

function Projects({ projects }: { projects: readonly ProjectSummary[] }) {
  const t = useT();
  return (
    <section aria-labelledby="projects-title">
      <h1 id="projects-title">{t("home.title")}</h1>
      <div className="table-box">
        <table className="table">
          <caption className="sr-only">{t("home.caption")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("app.project")}</th>
              <th scope="col" className="num">
                {t("home.runs")}
              </th>
              <th scope="col" className="num">
                {t("home.running_count")}
              </th>
              <th scope="col">{t("home.activity")}</th>
            </tr>
          </thead>
          <tbody>
            {projects.map((project) => (
              <ProjectRow key={project.project} project={project} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Known({ boot }: { boot: Boot }) {
  if (boot.projects.length === 0) return <Empty root={boot.root} />;
  const isRunning = boot.projects.some((project) => project.n_running > 0);
  return (
    <>
      {isRunning && <RunningNow />}
      <Projects projects={boot.projects} />
    </>
  );
}

/** Is it running, is it good, did anything break? */
export function HomePage() {
  const t = useT();
  const { data, error, refetch } = useQuery(bootQuery);
  useEffect(() => {
    document.title = t("app.name");
  }, [t]);
  return (
    <main id="content" className="page home">
      {error && <ErrorStrip text={t("ws.failed_list")} error={error} onRetry={() => void refetch()} />}
      {data ? <Known boot={data} /> : !error && <Loading />}
    </main>
  );
}

import type { ExperimentDetail } from "../api/types";
import { useT } from "../i18n";
import { formatAbsolute, formatDuration, formatExact, toNumber, zoneName } from "../i18n/format";
import { showControls } from "../i18n/names";
import { useMemo, useState, type ReactNode } from "../lib/react";
import { CopyButton } from "../ui/copy";
import { SearchBox } from "../ui/search-box";
import { Ago } from "../ui/time";
import { filterNames } from "../view/globs";
import { flatten } from "./flatten";

function Block({ title, extra, children }: { title: string; extra?: ReactNode; children: ReactNode }) {
  return (
    <section className="block">
      <header className="block-head">
        <h2>{title}</h2>
        {extra}
      </header>
      {children}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Moment({ at }: { at: number | null }) {
  if (at === null) return "—";
  return (
    <span title={zoneName()}>
      {formatAbsolute(at)} <span className="quiet">(<Ago at={at} />)</span>
    </span>
  );
}

function Facts({ detail }: { detail: ExperimentDetail }) {
  const t = useT();
  const { experiment: run, metrics_summary: metrics } = detail;
  const { min, max } = metrics.step_range;
  return (
    <Block title={t("run.facts")}>
      <dl className="facts">
        <Fact name={t("run.id")}>
          <span className="mono">{run.id}</span>
          <CopyButton text={run.id} label={t("copy.id")} isIconOnly />
        </Fact>
        <Fact name={t("run.project")}>{run.project}</Fact>
        <Fact name={t("run.experiment")}>{showControls(run.name)}</Fact>
        <Fact name={t("run.started")}>
          <Moment at={run.started_at} />
        </Fact>
        <Fact name={t("run.ended")}>
          <Moment at={run.ended_at} />
        </Fact>
        {run.duration_s !== null && <Fact name={t("run.duration")}>{formatDuration(t, run.duration_s)}</Fact>}
        <Fact name={t("run.best")}>
          {run.best_metric_name === null
            ? "—"
            : t("run.best_at", {
                metric: run.best_metric_name,
                value: formatExact(toNumber(run.best_metric_value)),
                step: run.best_metric_step ?? "—",
              })}
        </Fact>
        <Fact name={t("run.points")}>{t("run.points_n", { n: metrics.total_data_points })}</Fact>
        <Fact name={t("run.steps")}>
          {min === null || max === null ? "—" : t("run.step_range", { from: min, to: max })}
        </Fact>
        <Fact name={t("run.host")}>{run.hostname ?? "—"}</Fact>
        <Fact name={t("run.process")}>{run.pid ?? "—"}</Fact>
        <Fact name={t("run.attempt")}>{run.attempt}</Fact>
        <Fact name={t("run.files")}>{detail.file_count}</Fact>
        <Fact name={t("run.folder")}>
          <span className="mono">{showControls(run.run_dir)}</span>
        </Fact>
      </dl>
    </Block>
  );
}

/** Each row has a key, a value, and a title where the value is not shown in full. */
type Row = readonly [key: string, value: string, title?: string];

function Pairs({ rows, label }: { rows: readonly Row[]; label: string }) {
  const t = useT();
  return (
    <div className="table-box">
      <table className="table table-dense" aria-label={label}>
        <thead className="sr-only">
          <tr>
            <th scope="col">{t("run.key")}</th>
            <th scope="col">{t("run.value")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([key, value, title]) => (
            <tr key={key}>
              <th scope="row" className="mono">
                {showControls(key)}
              </th>
              <td className="mono value" title={title}>{showControls(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Config({ config }: { config: Record<string, unknown> }) {
  const t = useT();
  const [filter, setFilter] = useState("");
  const leaves = useMemo(() => flatten(config), [config]);
  const values = new Map(leaves.map((leaf) => [leaf.path, leaf.value]));
  const shown = filterNames([...values.keys()], filter);
  if (leaves.length === 0) {
    return (
      <Block title={t("run.config")}>
        <p className="quiet">{t("run.no_config")}</p>
      </Block>
    );
  }
  const tools = (
    <>
      <span className="quiet">{t("run.keys", { n: shown.length })}</span>
      <span className="spring" />
      <SearchBox label={t("run.filter_config")} hint={t("run.filter_config")} value={filter} onChange={setFilter} />
      <CopyButton text={JSON.stringify(config, null, 2)} label={t("run.copy_config")} isIconOnly />
    </>
  );
  return (
    <Block title={t("run.config")} extra={tools}>
      <Pairs label={t("run.config")} rows={shown.map((path) => [path, values.get(path) ?? ""])} />
    </Block>
  );
}

function LastValues({ values }: { values: ExperimentDetail["experiment"]["summary"] }) {
  const t = useT();
  const rows = Object.entries(values)
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([key, value]) => [key, formatExact(toNumber(value)), String(toNumber(value) ?? t("num.missing"))] as const);
  return (
    <Block title={t("run.latest")}>
      {rows.length > 0 ? <Pairs label={t("run.latest")} rows={rows} /> : <p className="quiet">{t("ws.no_metrics")}</p>}
    </Block>
  );
}

/** What the script said of the run as a whole. */
function Summary({ outputs }: { outputs: ExperimentDetail["outputs"] }) {
  const t = useT();
  const rows = flatten(outputs).map(({ path, value }) => [path, value] as const);
  return (
    <Block title={t("run.summary")}>
      {rows.length > 0 ? <Pairs label={t("run.summary")} rows={rows} /> : <p className="quiet">{t("run.no_summary")}</p>}
    </Block>
  );
}

function Problems({ detail }: { detail: ExperimentDetail }) {
  const t = useT();
  if (detail.problems.length === 0) return null;
  return (
    <Block title={t("run.problems")}>
      <ul className="problems">
        {detail.problems.map((problem) => (
          <li key={`${problem.file}:${problem.offset}`}>
            <span className="mono">{t("run.problem_at", { file: problem.file, offset: problem.offset })}</span>
            {problem.message}
          </li>
        ))}
      </ul>
    </Block>
  );
}

/** What a run is in one screen; a failed one says first why it failed. */
export function Overview({ detail }: { detail: ExperimentDetail }) {
  const t = useT();
  const run = detail.experiment;
  return (
    <div className="overview">
      {run.exit_reason !== null && run.status !== "finished" && (
        <section className="block block-danger">
          <h2>{t("run.ended_with")}</h2>
          <pre className="reason">{showControls(run.exit_reason)}</pre>
        </section>
      )}
      <div className="overview-columns">
        <div>
          <LastValues values={run.summary} />
          <Summary outputs={detail.outputs} />
          <Config config={run.config} />
        </div>
        <div>
          <Facts detail={detail} />
          <Problems detail={detail} />
        </div>
      </div>
    </div>
  );
}

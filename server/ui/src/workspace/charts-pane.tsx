import { useFields } from "../api/queries";
import { useT } from "../i18n";
import { useDeferredValue, useMemo } from "../lib/react";
import { ErrorStrip } from "../ui/states";
import type { View } from "../view/codec";
import type { SetView } from "../view/use-view";
import type { ChartSettings } from "./panel";
import { PanelGrid } from "./panel-grid";
import { ChartBar } from "./toolbar";
import type { Runs } from "./use-runs";

/** Metrics that the project has and the plotted runs do not; `null` while that is not known. */
function useAbsent(project: string, plotted: readonly string[], runs: Runs, metrics: readonly string[]): ReadonlySet<string> | null {
  // Where every run is plotted the question has its answer already.
  const isPart = plotted.length > 0 && plotted.length < runs.total;
  const { data, error } = useFields(project, isPart ? plotted : null);
  return useMemo(() => {
    if (!isPart || error) return new Set();
    if (!data) return null;
    const own = new Set(data.metrics.map((field) => field.key));
    return new Set(metrics.filter((metric) => !own.has(metric)));
  }, [isPart, data, error, metrics]);
}

function NothingPlotted({ runs, view, setView }: { runs: Runs; view: View; setView: SetView }) {
  const t = useT();
  if (runs.isFirst) return null;
  if (runs.total > 0) return <p className="empty">{t("panel.none_plotted")}</p>;
  return (
    <p className="empty">
      {t(view.q ? "ws.no_match" : "ws.empty")}{" "}
      {view.q && (
        <button type="button" className="button" onClick={() => setView({ q: "" })}>
          {t("ws.clear_search")}
        </button>
      )}
    </p>
  );
}

type Props = { project: string; runs: Runs; view: View; setView: SetView; settings: ChartSettings };

/** The charts of the plotted runs with the controls of all of them. */
export function ChartsPane({ project, runs, view, setView, settings }: Props) {
  const t = useT();
  const { data, error, refetch } = useFields(project);
  const filter = useDeferredValue(view.m);
  const metrics = useMemo(() => (data?.metrics ?? []).map((field) => field.key), [data]);
  const absent = useAbsent(project, settings.plotted, runs, metrics);
  const isPlotting = settings.plotted.length > 0;
  return (
    <section className="charts" aria-label={t("ws.charts_label")}>
      <ChartBar view={view} setView={setView} />
      {error && <ErrorStrip text={t("ws.failed_fields")} error={error} onRetry={() => void refetch()} />}
      {!isPlotting && <NothingPlotted runs={runs} view={view} setView={setView} />}
      {isPlotting && data && absent && (
        <PanelGrid
          metrics={metrics}
          absent={absent}
          filter={filter}
          grid={view.grid}
          open={view.open}
          fold={view.fold}
          settings={settings}
          onFold={setView}
          onClearFilter={() => setView({ m: "" })}
        />
      )}
    </section>
  );
}

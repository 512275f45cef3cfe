import { useLocation } from "wouter";
import type { ExperimentDetail } from "../api/types";
import { useCallback, useDeferredValue, useMemo } from "../lib/react";
import { paths } from "../routes";
import { assignStyles } from "../theme/palette";
import { useView } from "../view/use-view";
import { PanelGrid } from "../workspace/panel-grid";
import type { ChartSettings } from "../workspace/panel";
import { ChartBar } from "../workspace/toolbar";

const NONE: ReadonlySet<string> = new Set();

/** The panels of the workspace with one run in them. */
export function RunMetrics({ detail }: { detail: ExperimentDetail }) {
  const [view, setView] = useView();
  const [, navigate] = useLocation();
  const { id, name, slot } = detail.experiment;
  const filter = useDeferredValue(view.m);
  const onZoom = useCallback(
    (xr: readonly [number, number], isMore = false) => setView({ xr }, isMore ? "replace" : "push"),
    [setView],
  );
  const onReset = useCallback(() => setView({ xr: null }), [setView]);
  const onOpen = useCallback((run: string) => navigate(paths.run(run)), [navigate]);
  const { xr, yl: isLog } = view;
  const settings = useMemo<ChartSettings>(
    () => ({
      plotted: [id],
      names: new Map([[id, name]]),
      styles: assignStyles([{ id, slot }]),
      xr, isLog, onZoom, onReset, onOpen,
    }),
    [id, name, slot, xr, isLog, onZoom, onReset, onOpen],
  );
  const key = detail.metrics_summary.available_metrics.join("\u0000");
  const metrics = useMemo(() => key.split("\u0000").filter(Boolean), [key]);
  return (
    <section className="charts">
      <ChartBar view={view} setView={setView} />
      <PanelGrid
        metrics={metrics}
        absent={NONE}
        filter={filter}
        grid={view.grid}
        open={view.open}
        fold={view.fold}
        settings={settings}
        onFold={setView}
        onClearFilter={() => setView({ m: "" })}
      />
    </section>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { bootQuery, useFields } from "../api/queries";
import { useT } from "../i18n";
import { distinguish } from "../i18n/names";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "../lib/react";
import { useStore } from "../lib/use-store";
import { paths } from "../routes";
import { assignStyles, DASHES } from "../theme/palette";
import { RUN_HUES } from "../theme/tokens";
import { narrow } from "../ui/narrow";
import { SearchBox } from "../ui/search-box";
import { useShortcuts } from "../ui/shortcuts";
import { ErrorStrip, Loading } from "../ui/states";
import { DEFAULT_VIEW, type View } from "../view/codec";
import { useView, type SetView } from "../view/use-view";
import { ChartBar, LayoutSwitch } from "./toolbar";
import type { ChartSettings } from "./panel";
import { PanelGrid } from "./panel-grid";
import { plottedIds, togglePlotted, toggleSolo } from "./plotted";
import { listWidth, Resizer } from "./resizer";
import { RunList } from "./run-list";
import { useRuns, type Runs } from "./use-runs";

const STYLES = RUN_HUES.light.length * DASHES.length;

function PlottedPill({ view, setView, n }: { view: View; setView: SetView; n: number }) {
  const t = useT();
  const isDefault = view.on.length + view.off.length + view.solo.length === 0 && view.top === DEFAULT_VIEW.top;
  if (isDefault) return <span className="pill">{t("ws.plotted_first", { n: view.top })}</span>;
  const { on, off, solo, top } = DEFAULT_VIEW;
  return (
    <button
      type="button"
      className="pill pill-active"
      title={t("ws.plotted_reset", { n: top })}
      onClick={() => setView({ on, off, solo, top })}
    >
      {t(view.solo.length > 0 ? "ws.plotted_solo" : "ws.plotted_chosen", { n })}
    </button>
  );
}

function Waiting({ runs }: { runs: Runs }) {
  const t = useT();
  const { nAdded, hasMoved } = runs.waiting;
  const isWaiting = nAdded > 0 || hasMoved;
  useShortcuts(isWaiting ? [{ keys: ["."], label: "keys.apply", run: runs.apply }] : []);
  if (!isWaiting) return null;
  return (
    <button type="button" className="pill pill-active" onClick={runs.apply}>
      {nAdded > 0 ? t("ws.waiting", { n: nAdded }) : t("ws.order_changed")}
    </button>
  );
}

type ListPaneProps = {
  project: string;
  runs: Runs;
  view: View;
  setView: SetView;
  names: ReadonlyMap<string, string>;
  settings: ChartSettings;
  onToggle: (id: string, isSolo: boolean) => void;
};

function ListPane({ project, runs, view, setView, names, settings, onToggle }: ListPaneProps) {
  const t = useT();
  const clear = () => setView({ q: "" });
  return (
    <section className="runs" aria-label={t("ws.runs_tab")}>
      <div className="list-bar">
        <PlottedPill view={view} setView={setView} n={settings.plotted.length} />
        {settings.plotted.length > STYLES && <span>{t("ws.repeat", { n: settings.plotted.length })}</span>}
        <Waiting runs={runs} />
        <span className="spring" />
        <span className="quiet">{t(view.q ? "ws.matching" : "ws.count", { n: runs.total })}</span>
      </div>
      {runs.error !== null && <ErrorStrip text={t("ws.failed_list")} error={runs.error} onRetry={runs.refetch} />}
      {runs.isFirst && runs.error === null && <Loading />}
      {!runs.isFirst && runs.total === 0 && (
        <p className="empty">
          {t(view.q ? "ws.no_match" : "ws.empty")}{" "}
          {view.q && (
            <button type="button" className="button" onClick={clear}>
              {t("ws.clear_search")}
            </button>
          )}
        </p>
      )}
      {runs.total > 0 && (
        <RunList
          project={project}
          runs={runs}
          names={names}
          styles={settings.styles}
          sort={view.sort}
          onSort={(sort) => setView({ sort })}
          onToggle={onToggle}
        />
      )}
    </section>
  );
}

/** Hands out the same array as long as its content is the same, so that charts aren't redrawn for nothing. */
function useStable(ids: string[]): string[] {
  const text = ids.join("\u0000");
  return useMemo(() => (text === "" ? [] : text.split("\u0000")), [text]);
}

function useSettings(runs: Runs, view: View, setView: SetView): ChartSettings {
  const [, navigate] = useLocation();
  const plotted = useStable(plottedIds(runs.loaded.map((run) => run.id), view));
  const key = JSON.stringify(runs.loaded.map((run) => [run.id, run.name, run.slot]));
  const known = useMemo(
    () => (JSON.parse(key) as [string, string, number][]).map(([id, name, slot]) => ({ id, name, slot })),
    [key],
  );
  const names = useMemo(() => distinguish(known), [known]);
  const styles = useMemo(() => {
    const byId = new Map(known.map((run) => [run.id, run]));
    return assignStyles(plotted.map((id) => byId.get(id) ?? { id, slot: 0 }));
  }, [known, plotted]);
  const onZoom = useCallback((xr: readonly [number, number]) => setView({ xr }), [setView]);
  const onReset = useCallback(() => setView({ xr: null }), [setView]);
  const onOpen = useCallback((id: string) => navigate(paths.run(id)), [navigate]);
  const { xr, yl: isLog } = view;
  return useMemo(
    () => ({ plotted, names, styles, xr, isLog, onZoom, onReset, onOpen }),
    [plotted, names, styles, xr, isLog, onZoom, onReset, onOpen],
  );
}

function ChartsPane({ project, view, setView, settings }: { project: string; view: View; setView: SetView; settings: ChartSettings }) {
  const t = useT();
  const { data, error, refetch } = useFields(project);
  const filter = useDeferredValue(view.m);
  const metrics = useMemo(() => (data?.metrics ?? []).map((field) => field.key), [data]);
  return (
    <section className="charts" aria-label={t("ws.charts_label")}>
      <ChartBar view={view} setView={setView} />
      {error && <ErrorStrip text={t("ws.failed_fields")} error={error} onRetry={() => void refetch()} />}
      {data && (
        <PanelGrid
          metrics={metrics}
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

function useIsKnown(project: string): boolean {
  const { data } = useQuery(bootQuery);
  return !data || data.projects.some((known) => known.project === project);
}

/** All runs of a project and all their curves, side by side. */
export function WorkspacePage({ project }: { project: string }) {
  const t = useT();
  const [view, setView] = useView();
  const runs = useRuns(project, view.q, view.sort);
  const settings = useSettings(runs, view, setView);
  const width = useStore(listWidth);
  const search = useRef<HTMLInputElement>(null);
  const [tab, setTab] = useState<"table" | "charts">("table");
  const isNarrow = useStore(narrow);
  const layout = isNarrow ? tab : view.view;
  const isKnown = useIsKnown(project);
  useShortcuts([{ keys: ["/"], label: "keys.search", run: () => search.current?.focus() }]);
  useEffect(() => {
    document.title = `${project} · Runicorn`;
  }, [project]);

  const order = useRef({ ids: [] as string[], view });
  order.current = { ids: runs.loaded.map((run) => run.id), view };
  const onToggle = useCallback(
    (id: string, isSolo: boolean) => {
      const { ids, view: now } = order.current;
      setView(isSolo ? toggleSolo(ids, now, id) : togglePlotted(ids, now, id));
    },
    [setView],
  );

  if (!isKnown && runs.total === 0) {
    return (
      <main id="content" className="page">
        <p className="empty">{t("ws.unknown_project", { project })}</p>
      </main>
    );
  }
  const columns = layout === "split" ? { "--list-width": `${width}px` } : {};
  return (
    <main id="content" className="ws" data-view={layout} style={columns as Record<string, string>}>
      <div className="toolbar">
        <h1 className="toolbar-title">{project}</h1>
        {!isNarrow && <LayoutSwitch view={view.view} setView={setView} />}
        <SearchBox
          ref={search}
          label={t("ws.search")}
          hint={t("ws.search_hint")}
          value={view.q}
          onChange={(q) => setView({ q }, "replace")}
        />
        {isNarrow && (
          <div className="segments" role="group" aria-label={t("ws.view")}>
            <button type="button" aria-pressed={tab === "table"} onClick={() => setTab("table")}>
              {t("ws.runs_tab")}
            </button>
            <button type="button" aria-pressed={tab === "charts"} onClick={() => setTab("charts")}>
              {t("ws.charts_label")}
            </button>
          </div>
        )}
      </div>
      <div className="ws-body">
        {!(isNarrow && layout === "charts") && (
          <ListPane
            project={project}
            runs={runs}
            view={view}
            setView={setView}
            names={settings.names}
            settings={settings}
            onToggle={onToggle}
          />
        )}
        {layout === "split" && <Resizer label={t("ws.resize")} width={width} />}
        {layout !== "table" && <ChartsPane project={project} view={view} setView={setView} settings={settings} />}
      </div>
    </main>
  );
}

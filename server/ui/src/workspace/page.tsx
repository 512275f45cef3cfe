import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { bootQuery } from "../api/queries";
import { useT } from "../i18n";
import { distinguish } from "../i18n/names";
import { useCallback, useEffect, useMemo, useRef } from "../lib/react";
import { useStore } from "../lib/use-store";
import { paths } from "../routes";
import { assignStyles } from "../theme/palette";
import { narrow } from "../ui/narrow";
import { SearchBox } from "../ui/search-box";
import { useShortcuts } from "../ui/shortcuts";
import { DEFAULT_VIEW, type View } from "../view/codec";
import { useView, type SetView } from "../view/use-view";
import { ChartsPane } from "./charts-pane";
import { ListPane } from "./list-pane";
import type { ChartSettings } from "./panel";
import { plottedIds, togglePlotted, toggleSolo } from "./plotted";
import { listWidth, Resizer } from "./resizer";
import { LayoutSwitch } from "./toolbar";
import { useRuns, type Runs } from "./use-runs";

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
  const onZoom = useCallback(
    (xr: readonly [number, number], isMore = false) => setView({ xr }, isMore ? "replace" : "push"),
    [setView],
  );
  const onReset = useCallback(() => setView({ xr: null }), [setView]);
  const onOpen = useCallback((id: string) => navigate(paths.run(id)), [navigate]);
  const { xr, yl: isLog } = view;
  return useMemo(
    () => ({ plotted, names, styles, xr, isLog, onZoom, onReset, onOpen }),
    [plotted, names, styles, xr, isLog, onZoom, onReset, onOpen],
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
  const isNarrow = useStore(narrow);
  // Where there is no room for both, the list is what one comes to.
  const layout = isNarrow && view.view === "split" ? "table" : view.view;
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
        <div className="empty">
          <p>{t("ws.unknown_project", { project })}</p>
          <p className="quiet">{t("ws.unknown_hint")}</p>
          <p>
            <Link href={paths.home}>{t("app.home_link")}</Link>
          </p>
        </div>
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
            <button type="button" aria-pressed={layout === "table"} onClick={() => setView({ view: DEFAULT_VIEW.view })}>
              {t("ws.runs_tab")}
            </button>
            <button type="button" aria-pressed={layout === "charts"} onClick={() => setView({ view: "charts" })}>
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
        {layout !== "table" && (
          <ChartsPane project={project} runs={runs} view={view} setView={setView} settings={settings} />
        )}
      </div>
    </main>
  );
}

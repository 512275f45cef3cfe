import { useT } from "../i18n";
import { DASHES } from "../theme/palette";
import { RUN_HUES } from "../theme/tokens";
import { useShortcuts } from "../ui/shortcuts";
import { ErrorStrip, Loading } from "../ui/states";
import { DEFAULT_VIEW, type View } from "../view/codec";
import type { SetView } from "../view/use-view";
import type { ChartSettings } from "./panel";
import { RunList } from "./run-list";
import type { Runs } from "./use-runs";

const STYLES = RUN_HUES.light.length * DASHES.length;

type PillProps = { view: View; setView: SetView; n: number; total: number };

function PlottedPill({ view, setView, n, total }: PillProps) {
  const t = useT();
  const isDefault = view.on.length + view.off.length + view.solo.length === 0 && view.top === DEFAULT_VIEW.top;
  if (isDefault && total === 0) return null;
  if (isDefault) return <span className="pill">{t(n < total ? "ws.plotted_first" : "ws.plotted_all", { n })}</span>;
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

/** The list of runs with what is said about it. */
export function ListPane({ project, runs, view, setView, names, settings, onToggle }: ListPaneProps) {
  const t = useT();
  const clear = () => setView({ q: "" });
  return (
    <section className="runs" aria-label={t("ws.runs_tab")}>
      <div className="list-bar">
        <PlottedPill view={view} setView={setView} n={settings.plotted.length} total={runs.total} />
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

import ChartLine from "lucide-react/icons/chart-line";
import Columns2 from "lucide-react/icons/columns-2";
import RotateCcw from "lucide-react/icons/rotate-ccw";
import Table from "lucide-react/icons/table";
import { groupDigits, lang, useT } from "../i18n";
import { useRef } from "../lib/react";
import { useStore } from "../lib/use-store";
import { SearchBox } from "../ui/search-box";
import { useShortcuts } from "../ui/shortcuts";
import type { Layout, View } from "../view/codec";
import type { SetView } from "../view/use-view";

const LAYOUTS = [
  ["table", Table],
  ["split", Columns2],
  ["charts", ChartLine],
] as const satisfies readonly (readonly [Layout, unknown])[];

/** Which parts are shown: the list, both, or the charts. */
export function LayoutSwitch({ view, setView }: { view: Layout; setView: SetView }) {
  const t = useT();
  useShortcuts([
    { keys: ["1"], label: "keys.table", run: () => setView({ view: "table" }) },
    { keys: ["2"], label: "keys.split", run: () => setView({ view: "split" }) },
    { keys: ["3"], label: "keys.charts", run: () => setView({ view: "charts" }) },
  ]);
  return (
    <div className="segments" role="group" aria-label={t("ws.view")}>
      {LAYOUTS.map(([layout, Icon]) => (
        <button key={layout} type="button" aria-pressed={view === layout} onClick={() => setView({ view: layout })}>
          <Icon className="icon" />
          {t(`ws.${layout}`)}
        </button>
      ))}
    </div>
  );
}

/** What the charts show: which metrics, how scaled, how many side by side. */
export function ChartBar({ view, setView }: { view: View; setView: SetView }) {
  const t = useT();
  const language = useStore(lang);
  const metrics = useRef<HTMLInputElement>(null);
  const reset = () => setView({ xr: null });
  useShortcuts([
    { keys: ["m"], label: "keys.metrics", run: () => metrics.current?.focus() },
    { keys: ["0"], label: "keys.reset", run: reset },
  ]);
  const [from, to] = view.xr ?? [0, 0];
  return (
    <div className="chart-bar">
      <SearchBox
        ref={metrics}
        label={t("ws.metrics")}
        hint={t("ws.metrics_hint")}
        value={view.m}
        onChange={(m) => setView({ m }, "replace")}
      />
      {view.xr && (
        <button type="button" className="button" title={t("ws.reset_zoom")} onClick={reset}>
          {t("ws.zoomed", { from: groupDigits(from, language), to: groupDigits(to, language) })}
          <RotateCcw className="icon icon-small" />
        </button>
      )}
      <span className="spring" />
      <label className="check">
        <input type="checkbox" checked={view.yl} onChange={(event) => setView({ yl: event.target.checked })} />
        {t("ws.log_y")}
      </label>
      <select
        className="picker wide-only"
        aria-label={t("ws.columns")}
        title={t("ws.columns")}
        value={view.grid ?? ""}
        onChange={(event) => setView({ grid: event.target.value === "" ? null : Number(event.target.value) })}
      >
        <option value="">{t("ws.columns_auto")}</option>
        {[1, 2, 3, 4, 5, 6].map((n) => (
          <option key={n} value={n}>
            {t("ws.columns_n", { n })}
          </option>
        ))}
      </select>
    </div>
  );
}

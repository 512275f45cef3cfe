import RotateCcw from "lucide-react/icons/rotate-ccw";
import { Chart } from "../chart/chart";
import { countNonFinite, describeChart, describeEmpty, describePoints, describeReading } from "../chart/describe";
import type { Reading } from "../chart/hover";
import type { PlotState } from "../chart/plot";
import { extentX, extentY, padY, settle, widen } from "../chart/scales";
import { lang, useT } from "../i18n";
import { useEffect, useMemo, useRef, useState } from "../lib/react";
import { useStore } from "../lib/use-store";
import { roundPx } from "../series/plan";
import { seriesStore, useSeries } from "../series/use-series";
import type { Picture } from "../series/store";
import type { RunStyle } from "../theme/palette";
import { themeName } from "../theme/theme";
import { announce } from "../ui/say";
import { ErrorStrip } from "../ui/states";
import type { Range } from "../view/codec";

export const PLOT_HEIGHT = 188;
const KINDS = [
  ["nan", "▽ NaN"],
  ["inf", "△ +Inf"],
  ["-inf", "▾ −Inf"],
] as const;

export type ChartSettings = {
  plotted: readonly string[];
  names: ReadonlyMap<string, string>;
  styles: ReadonlyMap<string, RunStyle>;
  xr: Range | null;
  isLog: boolean;
  onZoom: (range: Range, isMore?: boolean) => void;
  onReset: () => void;
  onOpen: (run: string) => void;
};

type Props = { metric: string; width: number; settings: ChartSettings };

/**
 * The y range, held still while live points fit into it; another question starts anew.
 *
 * Until a question is answered whole its picture is made of what happens to be there, which must
 * not leave a mark: the same view looks the same however one came to it.
 */
function useSettledY(next: Range | null, question: string, isLog: boolean, isWhole: boolean): Range | null {
  const last = useRef<{ question: string; range: Range } | null>(null);
  return useMemo(() => {
    if (!next) return null;
    const old = last.current?.question === question ? last.current.range : null;
    const range = settle(old, next, isLog);
    if (isWhole) last.current = { question, range };
    return range;
    // The two ends say all about the range.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [next?.[0], next?.[1], question, isLog, isWhole]);
}

function usePlotState(picture: Picture | null, metric: string, settings: ChartSettings): PlotState | null {
  const { plotted, names, styles, xr, isLog } = settings;
  const theme = useStore(themeName);
  const curves = useMemo(() => picture?.curves ?? [], [picture]);
  const extent = useMemo(() => extentX(curves), [curves]);
  const x = useMemo(() => xr ?? (extent ? widen(extent) : null), [xr, extent]);
  const isWhole = picture?.isLoading === false;
  const seen = useRef<Range | null>(null);
  if (!xr && isWhole) seen.current = extent;
  const full = seen.current;
  const fit = useMemo(() => {
    const range = x && extentY(curves, x, isLog);
    return range && padY(range, isLog);
  }, [curves, x, isLog]);
  const y = useSettledY(fit, [metric, plotted.join(), xr?.join(), isLog].join("|"), isLog, isWhole);
  return useMemo(
    () => (x && curves.length > 0 ? { curves, styles, names, x, y, isLog, full, theme } : null),
    [curves, styles, names, x, y, isLog, full, theme],
  );
}

function Badges({ picture, settings }: { picture: Picture; settings: ChartSettings }) {
  const t = useT();
  const counts = countNonFinite(picture.curves);
  return (
    <span className="badges">
      {KINDS.map(([kind, mark]) => {
        const n = counts.get(kind);
        return n === undefined ? null : (
          <span key={kind} className="badge badge-warn">
            {t("panel.nonfinite", { kind: mark, n })}
          </span>
        );
      })}
      {settings.isLog && <span className="badge">{t("panel.log")}</span>}
      {settings.xr && (
        <button type="button" className="badge badge-button" title={t("ws.reset_zoom")} onClick={settings.onReset}>
          {t("panel.zoomed")}
          <RotateCcw className="icon icon-small" />
        </button>
      )}
    </span>
  );
}

function Foot({ picture, settings }: { picture: Picture; settings: ChartSettings }) {
  const t = useT();
  const { curves } = picture;
  if (curves.length === 0) return null;
  const le0 = settings.isLog ? curves.reduce((sum, curve) => sum + curve.le0, 0) : 0;
  const all = settings.plotted.length;
  const runs = curves.length === all ? t("panel.runs", { n: all }) : t("panel.some_runs", { n: curves.length, all });
  return (
    <>
      {runs} · {describePoints(t, curves)}
      {le0 > 0 && <> · {t("panel.le0", { n: le0 })}</>}
    </>
  );
}

function Body({ metric, width, settings, picture }: Props & { picture: Picture }) {
  const t = useT();
  const state = usePlotState(picture, metric, settings);
  const extent = useMemo(() => extentX(picture.curves), [picture]);
  if (picture.error !== null && picture.curves.length === 0) {
    return <ErrorStrip text={t("panel.failed")} error={picture.error} onRetry={() => seriesStore.refresh()} />;
  }
  if (!state) return picture.isLoading ? null : <p className="panel-note">{t("panel.nothing")}</p>;
  const onRead = ({ curve, index }: Reading) => {
    const who = settings.names.get(curve.run) ?? curve.run;
    announce(describeReading(t, curve, index, who));
  };
  const label = describeChart(t, metric, picture.curves, extent, settings.names);
  return (
    <>
      <Chart
        id={metric}
        width={width}
        height={PLOT_HEIGHT}
        label={label}
        state={state}
        onZoom={settings.onZoom}
        onReset={settings.onReset}
        onOpen={settings.onOpen}
        onRead={onRead}
      />
      {state.y === null && !picture.isLoading && (
        <p className="plot-note">{describeEmpty(t, picture.curves, settings.isLog)}</p>
      )}
    </>
  );
}

/** Whether an element is in sight or nearly so; panels out of sight hold no canvas and ask for nothing. */
function useNear(ref: { current: Element | null }): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (!ref.current) return undefined;
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      rootMargin: "300px 0px",
    });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [ref]);
  return isNear;
}

/** One metric of all plotted runs. */
export function Panel({ metric, width, settings }: Props) {
  useStore(lang);
  const element = useRef<HTMLElement>(null);
  const isNear = useNear(element);
  const { plotted, xr } = settings;
  const px = roundPx(width * devicePixelRatio);
  const want =
    isNear && width > 0 && plotted.length > 0
      ? { metric, runs: plotted, from: xr?.[0] ?? null, to: xr?.[1] ?? null, px }
      : null;
  const picture = useSeries(want);
  const shown = picture ?? { curves: [], missing: [], isLoading: want !== null, error: null };
  return (
    <article className="panel" ref={element} aria-label={metric}>
      <header className="panel-head">
        <h3 className="panel-name" title={metric}>
          {metric}
        </h3>
        <Badges picture={shown} settings={settings} />
      </header>
      <div className="panel-body" data-loading={shown.isLoading ? "" : undefined}>
        {isNear && width > 0 && <Body metric={metric} width={width} settings={settings} picture={shown} />}
      </div>
      <footer className="panel-foot">
        <Foot picture={shown} settings={settings} />
      </footer>
    </article>
  );
}

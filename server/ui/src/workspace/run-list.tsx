import ArrowDown from "lucide-react/icons/arrow-down";
import ArrowUp from "lucide-react/icons/arrow-up";
import { useLocation } from "wouter";
import type { Experiment } from "../api/types";
import { useTopics } from "../api/use-live";
import { hoverBus, NO_HOVER, setHover } from "../chart/hover";
import { useT } from "../i18n";
import { digitsFor, formatMetric, toNumber } from "../i18n/format";
import { useCallback, useEffect, useMemo, useRef, useState } from "../lib/react";
import { paths } from "../routes";
import type { RunStyle } from "../theme/palette";
import { useShortcuts } from "../ui/shortcuts";
import { useSize } from "../ui/use-size";
import { scrollToRow, sliceOf } from "../ui/window";
import { COLUMNS, directionOf, nextSort, type Column } from "./columns";
import { Row } from "./row";
import type { Runs } from "./use-runs";

export const ROW_HEIGHT = 28;
const EXTRA_ROWS = 6;

type Props = {
  project: string;
  runs: Runs;
  names: ReadonlyMap<string, string>;
  styles: ReadonlyMap<string, RunStyle>;
  sort: string;
  onSort: (sort: string) => void;
  onToggle: (id: string, isSolo: boolean) => void;
};

function Heading({ column, sort, onSort }: { column: Column; sort: string; onSort: (sort: string) => void }) {
  const t = useT();
  const direction = directionOf(sort, column.sort);
  const className = `cell cell-${column.id}${column.isNumber ? " num" : ""}`;
  const word = column.sort;
  if (word === undefined) {
    return (
      <div role="columnheader" className={className}>
        {t(column.label)}
      </div>
    );
  }
  return (
    <div role="columnheader" className={className} aria-sort={direction}>
      <button type="button" className="sort" onClick={() => onSort(nextSort(sort, word))}>
        {t(column.label)}
        {direction === "ascending" && <ArrowUp className="icon icon-small" />}
        {direction === "descending" && <ArrowDown className="icon icon-small" />}
      </button>
    </div>
  );
}

/** One precision for all best values, and a column that holds the longest of them: a cut number is another one. */
function measureBest(loaded: readonly Experiment[]): { digits: number; bestWidth: string } {
  const values = loaded.slice(0, 200).map((run) => toNumber(run.best_metric_value));
  const digits = digitsFor(values);
  const longest = Math.max(0, ...values.map((value) => formatMetric(value, digits).length));
  return { digits, bestWidth: `max(68px, calc(${longest}ch + 18px))` };
}

/** Mark the row of the run that a chart points at, without rendering anything. */
function useHoverMark(body: { current: HTMLElement | null }): void {
  useEffect(
    () =>
      hoverBus.subscribe(() => {
        const { run } = hoverBus.get();
        body.current?.querySelectorAll("[data-hover]").forEach((row) => row.removeAttribute("data-hover"));
        if (run !== null) {
          body.current?.querySelector(`[data-run="${CSS.escape(run)}"]`)?.setAttribute("data-hover", "");
        }
      }),
    [body],
  );
}

/** The runs of the project. It is the legend of all charts as well. */
export function RunList({ project, runs, names, styles, sort, onSort, onToggle }: Props) {
  const t = useT();
  const [, navigate] = useLocation();
  const box = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  // The header stays on top of the rows that scroll below it.
  const height = Math.max(0, size.height - ROW_HEIGHT);
  const [scrollTop, setScrollTop] = useState(0);
  const [active, setActive] = useState(0);
  const { first, last } = sliceOf(scrollTop, height, ROW_HEIGHT, runs.total, EXTRA_ROWS);
  const { need } = runs;
  useEffect(() => need(first, last), [need, first, last]);
  useHoverMark(box);

  const positions = [...Array(last - first).keys()].map((i) => first + i);
  // The row that has the focus stays in the page, else the focus would be lost by scrolling.
  if (active < runs.total && (active < first || active >= last)) positions.push(active);
  const visible = positions.map((position) => ({ position, run: runs.at(position) }));
  const { digits, bestWidth } = useMemo(() => measureBest(runs.loaded), [runs.loaded]);
  const plottedLive = runs.loaded.filter((run) => run.status === "running" && styles.has(run.id)).map((run) => run.id);
  useTopics([{ t: "runs", project }, ...(plottedLive.length > 0 ? [{ t: "series" as const, runs: plottedLive }] : [])]);

  const activate = useCallback((position: number) => setActive(position), []);
  const open = useCallback((id: string) => navigate(paths.run(id)), [navigate]);
  const move = (to: number) => {
    const position = Math.max(0, Math.min(runs.total - 1, to));
    const element = box.current;
    if (!element || runs.total === 0) return;
    element.scrollTop = scrollToRow(position, element.scrollTop, height, ROW_HEIGHT);
    setActive(position);
    // The row may only be there after the next rendering.
    requestAnimationFrame(() => element.querySelector<HTMLElement>(`[aria-rowindex="${position + 2}"]`)?.focus({ preventScroll: true }));
  };
  const isInside = () => body.current?.contains(document.activeElement) ?? false;
  const activeId = runs.at(active)?.id;
  useShortcuts([
    { keys: ["j", "ArrowDown"], label: "keys.next", run: () => move(isInside() ? active + 1 : active) },
    { keys: ["k", "ArrowUp"], label: "keys.previous", run: () => move(isInside() ? active - 1 : active) },
    // A row that has the focus opens itself; anywhere else Enter belongs to what is there.
    { keys: ["Enter"], label: "keys.open", run: null },
    { keys: ["v"], label: "keys.plot", run: () => activeId !== undefined && onToggle(activeId, false) },
    { keys: ["Shift+v"], label: "keys.solo", run: () => activeId !== undefined && onToggle(activeId, true) },
  ]);

  return (
    <div
      className="list"
      style={{ "--best": bestWidth } as Record<string, string>}
      ref={box}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
      role="grid"
      aria-label={t("ws.runs_label", { project })}
      aria-rowcount={runs.total + 1}
      aria-busy={runs.isFetching}
    >
      <div role="row" className="row row-head" aria-rowindex={1}>
        <div role="columnheader" className="cell cell-dot" aria-label={t("col.plot")} />
        {COLUMNS.map((column) => (
          <Heading key={column.id} column={column} sort={sort} onSort={onSort} />
        ))}
      </div>
      <div
        role="rowgroup"
        ref={body}
        onPointerOver={(event) => {
          const id = (event.target as Element).closest<HTMLElement>("[data-run]")?.dataset.run ?? null;
          setHover({ panel: null, run: id, x: null });
        }}
        onPointerEnter={() => runs.setReading(true)}
        onPointerLeave={() => {
          runs.setReading(isInside());
          setHover(NO_HOVER);
        }}
        onFocus={() => runs.setReading(true)}
        onBlur={() => runs.setReading(body.current?.matches(":hover") ?? false)}
      >
        <div className="list-space" style={{ height: runs.total * ROW_HEIGHT }}>
          {visible.map(({ position, run }) =>
            run ? (
              <Row
                key={run.id}
                run={run}
                position={position}
                top={position * ROW_HEIGHT}
                label={names.get(run.id) ?? run.name}
                dash={styles.get(run.id)?.dash ?? null}
                digits={digits}
                isActive={position === active}
                onToggle={onToggle}
                onActivate={activate}
                onOpen={open}
              />
            ) : (
              <div key={position} className="row row-ghost" style={{ top: position * ROW_HEIGHT }} aria-hidden="true" />
            ),
          )}
        </div>
      </div>
    </div>
  );
}

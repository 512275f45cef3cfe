import { Link } from "wouter";
import type { Experiment } from "../api/types";
import { groupDigits, lang, useT } from "../i18n";
import { formatDuration, formatMetric, toNumber } from "../i18n/format";
import { showControls } from "../i18n/names";
import { memo, type KeyboardEvent, type MouseEvent } from "../lib/react";
import { useStore } from "../lib/use-store";
import { paths } from "../routes";
import { hueOf } from "../theme/palette";
import { RunName } from "../ui/run-name";
import { StatusMark } from "../ui/status-shape";
import { Ago } from "../ui/time";
import { useNow } from "../ui/use-now";

export type RowProps = {
  run: Experiment;
  position: number;
  top: number;
  label: string;
  dash: number | null;
  digits: number;
  isActive: boolean;
  onToggle: (id: string, isSolo: boolean) => void;
  onActivate: (position: number) => void;
  onOpen: (id: string) => void;
};

type DotProps = { run: Experiment; label: string; dash: number | null; isActive: boolean; onClick: (event: MouseEvent) => void };

/** The plotted dot: filled with the run's hue when it is drawn, with its dash pattern when hues repeat. */
function Dot({ run, label, dash, isActive, onClick }: DotProps) {
  const t = useT();
  const isPlotted = dash !== null;
  return (
    <button
      type="button"
      className="dot"
      data-slot={hueOf(run.slot)}
      data-dash={dash ?? undefined}
      aria-pressed={isPlotted}
      aria-label={t(isPlotted ? "dot.hide" : "dot.plot", { run: showControls(label) })}
      tabIndex={isActive ? 0 : -1}
      onClick={onClick}
    >
      <span className="dot-mark" />
    </button>
  );
}

function Duration({ run }: { run: Experiment }) {
  const t = useT();
  const now = useNow();
  const isRunning = run.status === "running" && run.started_at !== null;
  return formatDuration(t, isRunning ? now - (run.started_at ?? now) : run.duration_s);
}

function Best({ run, digits }: { run: Experiment; digits: number }) {
  const t = useT();
  const language = useStore(lang);
  const value = toNumber(run.best_metric_value);
  const title =
    run.best_metric_name === null
      ? t("num.missing")
      : `${t("col.best_title", {
          metric: run.best_metric_name,
          step: run.best_metric_step === null ? "—" : groupDigits(run.best_metric_step, language),
        })}: ${String(value)}`;
  return <span title={title}>{formatMetric(value, digits)}</span>;
}

/** One run: legend entry, state and numbers in 28 pixels. */
export const Row = memo(function Row(props: RowProps) {
  const { run, position, top, label, dash, digits, isActive, onToggle, onActivate, onOpen } = props;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.target !== event.currentTarget) return;
    event.preventDefault();
    onOpen(run.id);
  };
  return (
    <div
      role="row"
      className="row"
      style={{ top }}
      data-run={run.id}
      aria-rowindex={position + 2}
      tabIndex={isActive ? 0 : -1}
      onFocus={() => onActivate(position)}
      onKeyDown={onKeyDown}
    >
      <div role="gridcell" className="cell cell-dot">
        <Dot run={run} label={label} dash={dash} isActive={isActive} onClick={(event) => onToggle(run.id, event.shiftKey)} />
      </div>
      <div role="gridcell" className="cell cell-name">
        <Link href={paths.run(run.id)} tabIndex={-1} title={`${showControls(run.name)}\n${run.id}`}>
          <RunName label={label} />
        </Link>
      </div>
      <div role="gridcell" className="cell cell-status">
        <StatusMark status={run.status} />
      </div>
      <div role="gridcell" className="cell cell-started">
        <Ago at={run.started_at} />
      </div>
      <div role="gridcell" className="cell cell-duration num">
        <Duration run={run} />
      </div>
      <div role="gridcell" className="cell cell-best num">
        <Best run={run} digits={digits} />
      </div>
      <div role="gridcell" className="cell cell-host">
        {run.hostname}
      </div>
      <div role="gridcell" className="cell cell-tags">
        {run.tags.join(", ")}
      </div>
    </div>
  );
});

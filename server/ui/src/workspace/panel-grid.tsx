import ChevronDown from "lucide-react/icons/chevron-down";
import ChevronRight from "lucide-react/icons/chevron-right";
import { CHART_SHORTCUTS } from "../chart/keys";
import { useT } from "../i18n";
import { useMemo, useRef } from "../lib/react";
import { useShortcuts } from "../ui/shortcuts";
import { useSize } from "../ui/use-size";
import { filterNames } from "../view/globs";
import { Panel, type ChartSettings } from "./panel";
import { ABSENT, isOpen, sectionsOf, toggleSection, TOP_LEVEL, type Section } from "./sections";

const GAP = 8;
const PADDING = 8;
/** A panel narrower than this is hard to read `[px]`. */
const COMFORTABLE = 380;

const KEYS = CHART_SHORTCUTS.map((shortcut) => ({ ...shortcut, run: null, isInChart: true }));

/** How many panels stand side by side. */
export function columnsFor(width: number, chosen: number | null): number {
  // On a phone a chosen number of columns would make panels too narrow to touch.
  if (width < 560) return 1;
  return chosen ?? Math.max(1, Math.min(6, Math.floor((width - PADDING) / (COMFORTABLE + GAP))));
}

type Props = {
  metrics: readonly string[];
  /** Metrics that no plotted run has. */
  absent: ReadonlySet<string>;
  filter: string;
  grid: number | null;
  open: readonly string[];
  fold: readonly string[];
  settings: ChartSettings;
  onFold: (lists: { open: string[]; fold: string[] }) => void;
  onClearFilter: () => void;
};

function SectionHead({ section, isUnfolded, onToggle }: { section: Section; isUnfolded: boolean; onToggle: () => void }) {
  const t = useT();
  const special: Partial<Record<string, string>> = { [TOP_LEVEL]: t("ws.top_level"), [ABSENT]: t("ws.absent") };
  const name = special[section.name] ?? section.name;
  const Icon = isUnfolded ? ChevronDown : ChevronRight;
  return (
    <h2 className="section-head">
      <button
        type="button"
        aria-expanded={isUnfolded}
        title={t(isUnfolded ? "sec.fold" : "sec.unfold", { section: name })}
        onClick={onToggle}
      >
        <Icon className="icon" />
        {name}
        <span className="quiet" title={t("sec.count", { n: section.metrics.length })}>
          {section.metrics.length}
        </span>
      </button>
    </h2>
  );
}

/** All metrics of the plotted runs, one panel each, in sections. */
export function PanelGrid({ metrics, absent, filter, grid, open, fold, settings, onFold, onClearFilter }: Props) {
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  useShortcuts(KEYS);
  const { width } = useSize(box);
  const columns = columnsFor(width, grid);
  const panelWidth = Math.floor((width - 2 * PADDING - (columns - 1) * GAP) / columns) - 2;
  const sections = useMemo(() => sectionsOf(filterNames(metrics, filter), absent), [metrics, absent, filter]);
  return (
    <div className="panels" ref={box} data-columns={columns}>
      {sections.length === 0 && (
        <p className="empty">
          {metrics.length === 0 ? t("ws.no_metrics") : t("ws.no_metric_match")}{" "}
          {metrics.length > 0 && (
            <button type="button" className="button" onClick={onClearFilter}>
              {t("ws.clear_metrics")}
            </button>
          )}
        </p>
      )}
      {sections.map((section) => {
        // Whoever filters wants to see what was found.
        const isFound = filter !== "" && (section.name !== ABSENT || sections.length === 1);
        const isUnfolded = isFound || isOpen(section, open, fold);
        return (
          <section key={section.name} className="section">
            <SectionHead
              section={section}
              isUnfolded={isUnfolded}
              onToggle={() => onFold(toggleSection(section, open, fold))}
            />
            {isUnfolded && (
              <div className="section-panels">
                {section.metrics.map((metric) => (
                  <Panel key={metric} metric={metric} width={panelWidth} settings={settings} />
                ))}
              </div>
            )}
          </section>
        );
      })}
    </div>
  );
}

import { useT } from "../i18n";
import { useEffect, useLayoutEffect, useRef } from "../lib/react";
import { Plot, type PlotEvents, type PlotState } from "./plot";

type Props = PlotEvents & {
  id: string;
  height: number;
  width: number;
  label: string;
  state: PlotState;
};

/** Mounts one plot and hands it the latest state; drawing itself happens outside of React. */
export function Chart({ id, width, height, label, state, onZoom, onReset, onOpen, onRead }: Props) {
  const t = useT();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef({ state, onZoom, onReset, onOpen, onRead });
  useLayoutEffect(() => {
    latest.current = { state, onZoom, onReset, onOpen, onRead };
    plot.current?.update(state);
  }, [state, onZoom, onReset, onOpen, onRead]);
  useLayoutEffect(() => plot.current?.resize({ width, height }), [width, height]);
  const size = useRef({ width, height });
  useEffect(() => {
    if (!host.current) return undefined;
    const now = latest;
    const created = new Plot(id, host.current, size.current, now.current.state, {
      onZoom: (range, isMore) => now.current.onZoom(range, isMore),
      onReset: () => now.current.onReset(),
      onOpen: (run) => now.current.onOpen(run),
      onRead: (reading) => now.current.onRead(reading),
    });
    plot.current = created;
    return () => {
      plot.current = null;
      created.destroy();
    };
  }, [id]);
  return (
    // Arrow keys have to come through to a chart; that is what an application is among the roles.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className="plot-keys"
      role="application"
      aria-label={t("panel.keys", { metric: id })}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onKeyDown={(event) => {
        if (plot.current?.key(event.nativeEvent)) event.preventDefault();
      }}
      onBlur={() => plot.current?.leave()}
    >
      <div className="plot" ref={host} role="img" aria-label={label} />
    </div>
  );
}

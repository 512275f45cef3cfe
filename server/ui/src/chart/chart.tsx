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
export function Chart({ id, width, height, label, state, onZoom, onReset, onOpen }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef({ state, onZoom, onReset, onOpen });
  useLayoutEffect(() => {
    latest.current = { state, onZoom, onReset, onOpen };
    plot.current?.update(state);
  }, [state, onZoom, onReset, onOpen]);
  useLayoutEffect(() => plot.current?.resize({ width, height }), [width, height]);
  const size = useRef({ width, height });
  useEffect(() => {
    if (!host.current) return undefined;
    const now = latest;
    const created = new Plot(id, host.current, size.current, now.current.state, {
      onZoom: (range) => now.current.onZoom(range),
      onReset: () => now.current.onReset(),
      onOpen: (run) => now.current.onOpen(run),
    });
    plot.current = created;
    return () => {
      plot.current = null;
      created.destroy();
    };
  }, [id]);
  return <div className="plot" ref={host} role="img" aria-label={label} />;
}

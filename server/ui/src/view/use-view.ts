import { navigate, useSearch } from "wouter/use-browser-location";
import { useCallback, useMemo } from "../lib/react";
import { formatView, parseView, type View } from "./codec";

/** How a change enters the history: choices push, typing and dragging replace. */
export type Change = "push" | "replace";
export type SetView = (patch: Partial<View>, change?: Change) => void;

/** The view of the current address and a way to change parts of it. */
export function useView(): [View, SetView] {
  const search = useSearch();
  const view = useMemo(() => parseView(search), [search]);
  const setView = useCallback<SetView>((patch, change = "push") => {
    // Read the address of this moment: two changes in one event must not undo each other.
    const next = formatView({ ...parseView(location.search), ...patch });
    if (next === location.search) return;
    navigate(location.pathname + next, { replace: change === "replace" });
  }, []);
  return [view, setView];
}

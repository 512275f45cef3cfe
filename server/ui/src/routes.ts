import { lazy } from "./lib/react";

/** Addresses of the pages, relative to the prefix that the router adds. */
export const paths = {
  home: "/",
  project: (project: string) => `/p/${encodeURIComponent(project)}`,
  run: (id: string, tab?: RunTab) => `/r/${encodeURIComponent(id)}${tab && tab !== "overview" ? `/${tab}` : ""}`,
};

export const RUN_TABS = ["overview", "metrics", "logs"] as const;
export type RunTab = (typeof RUN_TABS)[number];

export function parseTab(text: string | undefined): RunTab | undefined {
  return text === undefined ? "overview" : RUN_TABS.find((tab) => tab === text);
}

/** Undo what is left of the escaping; the router undoes only a part. */
export function decodeParam(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// The workspace and the home page are what people open first; the rest is fetched when needed.
export const RunPage = lazy(() => import("./run/page").then((module) => ({ default: module.RunPage })));

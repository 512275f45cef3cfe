import { keepPreviousData, QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { readBoot } from "./boot";
import { answer, client } from "./client";
import { ApiError, isUnfinished } from "./errors";
import type { ExperimentPage } from "./types";

/** Rows of one window of the run list. */
export const PAGE_SIZE = 200;

/** The pause before a question is asked again [ms]. */
const RETRY = 1000;

/** Nothing is fetched twice by itself: live notices say what is out of date. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        // The page's own server needs no "online" network; localhost works without one.
        networkMode: "always",
        retry: (count, error) =>
          isUnfinished(error) || (count < 1 && !(error instanceof ApiError && error.status > 0)),
        retryDelay: RETRY,
      },
    },
  });
}

export const keys = {
  boot: ["boot"] as const,
  runs: (project: string) => ["runs", project] as const,
  fields: (project: string) => ["fields", project] as const,
  run: (id: string) => ["run", id] as const,
  running: ["running"] as const,
};

export const bootQuery = queryOptions({
  queryKey: keys.boot,
  queryFn: ({ signal }) => answer(client.GET("/api/v2/boot", { signal })),
  initialData: () => (typeof document === "undefined" ? undefined : readBoot(document)),
});

export type RunsQuestion = { project: string; search: string; sort: string };

/** Words of the address for what the server calls `order_by`. */
const ORDERS: Record<string, string> = {
  started: "created_at",
  best: "best_metric_value",
  name: "name",
  status: "status",
};

/** Turn the `sort` of an address into the server's two parameters. */
export function orderOf(sort: string): { order_by: string; order_desc: boolean } {
  const isDescending = sort.startsWith("-");
  const field = isDescending ? sort.slice(1) : sort;
  return { order_by: ORDERS[field] ?? field, order_desc: isDescending };
}

export function runsPageQuery({ project, search, sort }: RunsQuestion, page: number) {
  return queryOptions<ExperimentPage>({
    queryKey: [...keys.runs(project), search, sort, page],
    queryFn: ({ signal }) => {
      const query = { project, page, per_page: PAGE_SIZE, ...orderOf(sort), ...(search ? { search } : {}) };
      return answer(client.GET("/api/v2/experiments", { params: { query }, signal }));
    },
    // The old rows stay until the new ones are there, but never those of another project.
    placeholderData: (previous, query) =>
      query?.queryKey[1] === project && query.queryKey[4] === page ? keepPreviousData(previous) : undefined,
  });
}

export const runningQuery = queryOptions({
  queryKey: keys.running,
  queryFn: ({ signal }) =>
    answer(client.GET("/api/v2/experiments", { params: { query: { status: "running", per_page: 12 } }, signal })),
});

/** Metrics and config paths of a project, of some runs only where they are given; `null` asks nothing. */
export function useFields(project: string, runs?: readonly string[] | null) {
  return useQuery({
    queryKey: [...keys.fields(project), ...(runs ?? [])],
    queryFn: ({ signal }) => {
      const query = runs ? { run: [...runs] } : {};
      return answer(client.GET("/api/v2/projects/{project}/fields", { params: { path: { project }, query }, signal }));
    },
    enabled: runs !== null,
    // Panels stay while another choice of runs is looked up, but never those of another project.
    placeholderData: (previous, query) => (query?.queryKey[1] === project ? keepPreviousData(previous) : undefined),
  });
}

/** A run with all that is known of it; `null` asks nothing. */
export function useRun(id: string | null) {
  return useQuery({
    queryKey: keys.run(id ?? ""),
    queryFn: ({ signal }) =>
      answer(client.GET("/api/v2/experiments/{run_id}", { params: { path: { run_id: id ?? "" } }, signal })),
    enabled: id !== null,
  });
}

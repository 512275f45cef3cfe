import createClient from "openapi-fetch";
import { ApiError, errorOf } from "./errors";
import type { paths } from "./schema";

/** Address of the server as the page sees it; the server fills it in behind any prefix. */
export function baseUrl(): URL {
  return new URL(document.baseURI);
}

/** The prefix of all page addresses, without the last slash. */
export function basePath(): string {
  return baseUrl().pathname.replace(/\/+$/, "");
}

/** Address of a socket below `api/`. */
export function socketUrl(path: string): string {
  const url = new URL(`api/${path}`, baseUrl());
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

export const client = createClient<paths>({
  baseUrl: typeof document === "undefined" ? "" : baseUrl().href.replace(/\/+$/, ""),
  // Looked up on each call, so that a test can stand in for the network.
  fetch: (request) => globalThis.fetch(request),
});

type Outcome<T> = { data?: T; error?: unknown; response: Response };

/** Wait for an answer; anything but an answer becomes an `ApiError`. */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
    throw new ApiError(0, "unreachable", "");
  }
  if (outcome.data === undefined) throw errorOf(outcome.response, outcome.error);
  return outcome.data;
}

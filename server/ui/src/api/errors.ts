import type { Translate } from "../i18n";

/** A question that the server did not answer, with what a reader needs to act on it. */
export class ApiError extends Error {
  /** HTTP status, 0 when there was no answer at all. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string;

  constructor(status: number, code: string, requestId: string) {
    super(`${status} ${code}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

function textOf(body: unknown, key: string): string {
  const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[key] : "";
  return typeof value === "string" ? value : "";
}

/** Build the error from a problem document, or from the plainer form of the older routes. */
export function errorOf(response: Response, body: unknown): ApiError {
  const id = textOf(body, "request_id") || (response.headers.get("x-request-id") ?? "");
  return new ApiError(response.status, textOf(body, "code"), id);
}

/** Say in the reader's language what went wrong; the client owns the words, the server the codes. */
export function explain(t: Translate, error: unknown): string {
  if (!(error instanceof ApiError)) return t("err.unreachable");
  const { status, requestId } = error;
  if (status === 0) return t("err.unreachable");
  if (status === 401 || status === 403) return t("err.refused");
  if (status === 400 || status === 422) return t("err.bad_input");
  if (status >= 500 && requestId) return t("err.server", { id: requestId });
  return t("err.other", { status: String(status) });
}

/** Whether the server is still listing the runs, which it does by itself: ask again in a moment. */
export function isUnfinished(error: unknown): boolean {
  return error instanceof ApiError && error.code === "index_unfinished";
}

/** Whether the server said that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

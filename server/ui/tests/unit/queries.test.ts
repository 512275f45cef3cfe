import { expect, test } from "vitest";
import { ApiError } from "../../src/api/errors";
import { createQueryClient } from "../../src/api/queries";

function isAskedAgain(count: number, error: Error): boolean {
  const retry = createQueryClient().getDefaultOptions().queries?.retry;
  if (typeof retry !== "function") throw new Error("there is no rule");
  return retry(count, error);
}

test("an index that is being filled is asked until it is there", () => {
  expect(isAskedAgain(1000, new ApiError(503, "index_unfinished", ""))).toBe(true);
});

test("what the server refused is not asked again, what it did not answer once more", () => {
  expect(isAskedAgain(0, new ApiError(503, "index_unavailable", ""))).toBe(false);
  expect([0, 1].map((count) => isAskedAgain(count, new ApiError(0, "", "")))).toEqual([true, false]);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_VIEW, formatView, parseView, type View } from "../../src/view/codec";

const word = fc.string({ minLength: 1, maxLength: 12 });
const words = fc.array(word, { maxLength: 4 });

const views: fc.Arbitrary<View> = fc.record({
  view: fc.constantFrom("table", "split", "charts"),
  q: fc.string({ maxLength: 20 }),
  sort: fc.constantFrom("-started", "name", "-best", "duration"),
  top: fc.integer({ min: 0, max: 64 }),
  on: words,
  off: words,
  solo: words,
  m: fc.string({ maxLength: 20 }),
  xr: fc.option(fc.integer({ min: -1000, max: 1000 }).map((from) => [from, from + 10] as const), { nil: null }),
  yl: fc.boolean(),
  grid: fc.option(fc.integer({ min: 1, max: 6 }), { nil: null }),
  open: words,
  fold: words,
  rest: fc.array(fc.tuple(fc.constantFrom("peek", "pn.loss", "future"), fc.string({ maxLength: 8 })), { maxLength: 3 }),
});

describe("the address of a view", () => {
  test("reads back as the same view", () => {
    fc.assert(
      fc.property(views, (view) => {
        expect(parseView(formatView(view))).toEqual(view);
      }),
    );
  });

  test("is empty for the default view", () => {
    expect(formatView(DEFAULT_VIEW)).toBe("");
    expect(parseView("")).toEqual(DEFAULT_VIEW);
  });

  test("keeps keys that this version does not know", () => {
    expect(formatView(parseView("?future=1&view=table&other=a%2Cb"))).toContain("future=1");
    expect(parseView("?future=1&other=a%2Cb").rest).toEqual([
      ["future", "1"],
      ["other", "a,b"],
    ]);
  });

  test("falls back to the default where it is junk", () => {
    for (const junk of ["view=pie", "xr=9..1", "xr=a..b", "grid=99", "top=-1", "top=1e3"]) {
      expect({ ...parseView(`?${junk}`), rest: [] }).toEqual(DEFAULT_VIEW);
    }
  });
});

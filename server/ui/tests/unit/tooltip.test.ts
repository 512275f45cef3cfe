import { describe, expect, test } from "vitest";
import { describeChart, describeEmpty } from "../../src/chart/describe";
import { tipContent } from "../../src/chart/tip-rows";
import { translators } from "../../src/i18n";
import { curve } from "./curve";

const { en, zh } = translators;
const names = new Map([["long", "resnet"], ["short", "mlp"]]);

describe("a tooltip", () => {
  const long = curve("long", [127, 128], [0.5, 0.4]);
  const short = curve("short", [126, 128], [0.7, 0.6]);

  test("says of which step a point is, where that is not the heading's", () => {
    const content = tipContent([{ curve: long, index: 0, distance: 1 }, { curve: short, index: 1, distance: 9 }], names, en, "en");
    expect(content?.head).toBe("step 127");
    expect(content?.rows).toEqual([
      { run: "long", name: "resnet", notes: [], value: "0.5000" },
      { run: "short", name: "mlp", notes: ["step 128"], value: "0.6000" },
    ]);
    const chinese = tipContent([{ curve: long, index: 1, distance: 1 }, { curve: short, index: 0, distance: 9 }], names, zh, "zh");
    expect([chinese?.head, chinese?.rows[1]?.notes]).toEqual(["步 128", ["第 126 步"]]);
  });

  test("has no note where all points are of one step", () => {
    const content = tipContent([{ curve: long, index: 1, distance: 1 }, { curve: short, index: 1, distance: 9 }], names, en, "en");
    expect(content?.rows.map(({ notes }) => notes)).toEqual([[], []]);
  });

  test("names values that are not finite, an older attempt and what a bucket holds", () => {
    const odd = curve("long", [1, 2], [NaN, NaN], { nonfinite: [{ x: 2, kind: "inf", count: 1 }] });
    const value = (index: number) => tipContent([{ curve: odd, index, distance: 0 }], names, en, "en")?.rows[0]?.value;
    expect([value(0), value(1)]).toEqual(["NaN", "+Inf"]);
    const resumed = curve("long", [4, 8], [2, 3], {
      isRaw: false, attempts: [[0, 1], [1, 2]], min: Float64Array.of(1, 3), max: Float64Array.of(9, 3),
    });
    expect(tipContent([{ curve: resumed, index: 0, distance: 0 }], names, en, "en")?.rows[0]?.notes).toEqual([
      "attempt 1", "1.000–9.000",
    ]);
  });

  test("counts the runs that found no room, and is none without a point", () => {
    const many = Array.from({ length: 11 }, (_, i) => ({ curve: curve(String(i), [1], [i]), index: 0, distance: i }));
    const content = tipContent(many, names, en, "en");
    expect([content?.rows.length, content?.more]).toEqual([8, "+3 more"]);
    expect(tipContent([], names, en, "en")).toBeNull();
  });
});

describe("the sentence of a chart", () => {
  test("names the step that the highest value was logged at, not that of its bucket", () => {
    const bucketed = curve("long", [1, 7, 5_159], [2, 1, 0.5], { isRaw: false, peak: { value: 2.356, x: 3 } });
    expect(describeChart(en, "loss", [bucketed, curve("short", [2], [1])], [1, 5_159], names)).toBe(
      "loss, 2 runs, steps 1 to 5,159, highest 2.356 by resnet at step 3",
    );
  });

  test("says when no value is finite, and when there is no point", () => {
    const odd = curve("long", [1, 2], [NaN, NaN], { peak: null, nonfinite: [{ x: 1, kind: "nan", count: 2 }] });
    expect(describeChart(en, "loss", [odd], [1, 2], names)).toBe(
      "loss, 1 run, steps 1 to 2, no value is finite",
    );
    expect(describeChart(en, "loss", [], null, names)).toBe("loss, no points in this range");
  });

  test("has a reason where no line can be drawn", () => {
    const negative = curve("long", [1, 2], [-1, -2], { le0: 2 });
    expect(describeEmpty(en, [negative], true)).toBe("No value is above 0, so a log axis can show none.");
    expect(describeEmpty(en, [curve("long", [1], [NaN])], true)).toBe("No value is finite.");
    expect(describeEmpty(en, [curve("long", [], [])], false)).toBe("No points in this range.");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distinguish, showControls, splitLabel } from "../../src/i18n/names";

describe("names of runs", () => {
  const run = (id: string, name: string) => ({ id, name });
  const labels = (...names: string[]) => [...distinguish(names.map((name, i) => run(String(i), name))).values()];
  const prefix = "names/with-a-very-long-prefix-that-nobody-needs-bs256-wd1e-4";

  test.each([
    [["resnet-lr1-seed1", "resnet-lr2-seed1"], ["…lr1…", "…lr2…"]],
    [["mlp-lr0.1", "mlp-lr0.02"], ["…lr0.1", "…lr0.02"]],
    [["mlp-lr1e-4", "mlp-lr1e-3"], ["…lr1e-4", "…lr1e-3"]],
    [
      [`${prefix}-lr1e-4-seed23`, `${prefix}-lr1e-4-seed24`, `${prefix}-lr1e-3-seed24`, "baseline"],
      ["names/…lr1e-4-seed23", "names/…lr1e-4-seed24", "names/…lr1e-3-seed24", "baseline"],
    ],
    [["一个非常非常长的中文实验名称学习率一", "一个非常非常长的中文实验名称学习率二"], ["…学习率一", "…学习率二"]],
    [["experiment2021", "experiment2022"], ["experiment2021", "experiment2022"]],
    [["cnn", "mlp"], ["cnn", "mlp"]],
    [["only-one"], ["only-one"]],
    [["run_", "run_2"], ["run_", "…2"]],
  ])("%j are shown as %j", (names, shown) => {
    expect(labels(...names)).toEqual(shown);
  });

  test("that are equal get the end of their ids", () => {
    const same = distinguish([run("2026_1_aaa", "base"), run("2026_1_bbb", "base")]);
    expect([...same.values()]).toEqual(["base · aaa", "base · bbb"]);
    const long = distinguish([run("01KPBXW5VQ0000000000AAAA23", "base"), run("01KPBXW5VQ0000000000BAAA23", "base")]);
    expect([...long.values()]).toEqual(["base · AAAA23", "base · BAAA23"]);
  });

  test("stay different whatever they share", () => {
    const part = fc.constantFrom("a", "b", "seed1", "seed2", "lr", "1e-4", "0.1", "0", ".", "-", "_", "/", " ", "实验", "experiment");
    const name = fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 12 }), (names) => {
        expect(new Set(labels(...names)).size).toBe(names.length);
      }),
      { numRuns: 2_000 },
    );
  });

  test("are cut before what sets them apart, never in it", () => {
    expect(splitLabel("names/…seed24")).toEqual(["names/…", "seed24"]);
    expect(splitLabel("…lr1…")).toEqual(["…", "lr1…"]);
    expect(splitLabel("base · aaa")).toEqual(["base", " · aaa"]);
    expect(splitLabel("baseline")).toEqual(["baseline", ""]);
  });

  test("show controls that would reorder them", () => {
    expect(showControls("a\u202eb")).toBe("a⟨U+202E⟩b");
  });
});

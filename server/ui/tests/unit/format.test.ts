import { describe, expect, test } from "vitest";
import { translators } from "../../src/i18n";
import {
  digitsFor,
  formatAgo,
  formatDuration,
  formatExact,
  formatMetric,
  toNumber,
} from "../../src/i18n/format";

describe("numbers", () => {
  test.each([
    [0.921, "0.9210"],
    [1.2e-5, "1.2e-5"],
    [412300, "412,300"],
    [-0.5, "−0.5000"],
    [1e6, "1e6"],
    [0, "0"],
    [NaN, "NaN"],
    [Infinity, "+Inf"],
    [-Infinity, "−Inf"],
    [null, "—"],
  ])("%s is shown as %s", (value, shown) => {
    expect(formatMetric(value)).toBe(shown);
  });

  test.each([
    [1, "1"],
    [5, "5"],
    [-199, "−199"],
    [0.921, "0.921"],
    [2.001, "2.001"],
    [1234567, "1,234,567"],
    [0.1000001, "0.100000"],
    [1 / 3, "0.333333"],
    [1e-7, "1e-7"],
    [1e30, "1e30"],
    [NaN, "NaN"],
    [null, "—"],
  ])("%s alone is shown as %s, without digits that it does not have", (value, shown) => {
    expect(formatExact(value)).toBe(shown);
  });

  test("get as many digits as tell them apart, four at least and eight at most", () => {
    expect(digitsFor([0.1, 0.2])).toBe(4);
    expect(digitsFor([0.123456, 0.123457])).toBe(6);
    expect(digitsFor([0.1234567891, 0.1234567892])).toBe(8);
  });

  test("come from the API as numbers, names or nothing", () => {
    expect(toNumber(1.5)).toBe(1.5);
    expect(toNumber("NaN")).toBeNaN();
    expect(toNumber("Infinity")).toBe(Infinity);
    expect(toNumber("-Infinity")).toBe(-Infinity);
    expect(toNumber(null)).toBeNull();
  });
});

describe("times", () => {
  const { en, zh } = translators;

  test.each([
    [0, "0 s", "0 秒"],
    [61, "1 m 1 s", "1 分 1 秒"],
    [8040, "2 h 14 m", "2 小时 14 分"],
    [273_600, "3 d 4 h", "3 天 4 小时"],
  ])("%i seconds are told in two units in both languages", (seconds, english, chinese) => {
    expect(formatDuration(en, seconds)).toBe(english);
    expect(formatDuration(zh, seconds)).toBe(chinese);
  });

  test("of the last days are relative, older ones are dates", () => {
    expect(formatAgo(en, 100, 102)).toBe("just now");
    expect(formatAgo(en, 100, 100 + 7200)).toBe("2 h ago");
    expect(formatAgo(zh, 100, 100 + 7200)).toContain("2");
    expect(formatAgo(en, 0, 10 * 86_400)).toMatch(/^1970-01-01|1969-12-31$/);
    expect(formatAgo(en, null, 5)).toBe("—");
  });
});

describe("messages", () => {
  test("choose the singular where a language has one, and group digits", () => {
    const { en, zh } = translators;
    expect(en("ws.count", { n: 1 })).toBe("1 run");
    expect(en("ws.count", { n: 12_345 })).toBe("12,345 runs");
    expect(zh("ws.count", { n: 12_345 })).toContain("12,345");
  });
});

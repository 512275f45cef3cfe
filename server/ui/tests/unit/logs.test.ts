import { describe, expect, test } from "vitest";
import { lastState, parseAnsi } from "../../src/logs/ansi";
import { LogBuffer } from "../../src/logs/buffer";
import { isAtEnd, scrollToRow, sliceOf } from "../../src/ui/window";

describe("colour codes", () => {
  test("become looks, and the text stays text", () => {
    const spans = parseAnsi("plain \u001b[1;31mred <b>\u001b[0m after");
    expect(spans.map(({ text, color, isBold }) => [text, color, isBold])).toEqual([
      ["plain ", null, false],
      ["red <b>", 1, true],
      [" after", null, false],
    ]);
  });

  test("of 256 and true colours become the nearest of the eight", () => {
    expect(parseAnsi("\u001b[38;2;250;20;20mx")[0]?.color).toBe(1);
    expect(parseAnsi("\u001b[38;5;2mx")[0]?.color).toBe(2);
  });

  test("that are no colours, or end nowhere, leave no trace", () => {
    const text = (line: string) => parseAnsi(line).map((span) => span.text).join("");
    expect(text("\u001b[2Kab\u001b]0;title\u0007c\u001b[")).toBe("abc");
    expect(text("no codes")).toBe("no codes");
    expect(parseAnsi("")).toEqual([]);
  });

  test("a line that rewrites itself shows its last state", () => {
    expect(lastState(" 10%\r 50%\r100%")).toBe("100%");
    expect(lastState("done\r")).toBe("done");
  });
});

describe("the lines of a log", () => {
  const push = (buffer: LogBuffer, lines: string[]) => lines.map((line) => buffer.push(line));

  test("sent again after a reconnection are recognised", () => {
    const buffer = new LogBuffer();
    push(buffer, ["a", "b"]);
    buffer.restart();
    expect(push(buffer, ["a", "b", "c"])).toEqual([false, false, true]);
    expect([buffer.at(0), buffer.at(1), buffer.at(2), buffer.length]).toEqual(["a", "b", "c", 3]);
  });

  test("of another file start over", () => {
    const buffer = new LogBuffer();
    push(buffer, ["a", "b", "c"]);
    buffer.restart();
    push(buffer, ["a", "x"]);
    expect([buffer.at(0), buffer.at(1), buffer.length]).toEqual(["a", "x", 2]);
  });

  test("beyond the limit are let go of from the start and counted", () => {
    const buffer = new LogBuffer(100);
    for (let i = 0; i < 20_200; i += 1) buffer.push(String(i));
    expect(buffer.nDropped).toBe(20_000);
    expect(buffer.at(0)).toBe("20000");
    expect(buffer.length + buffer.nDropped).toBe(20_200);
  });
});

describe("windows of long lists", () => {
  test("hold what is in sight and a little more, never more than there is", () => {
    expect(sliceOf(0, 100, 20, 1000, 2)).toEqual({ first: 0, last: 7 });
    expect(sliceOf(19_900, 100, 20, 1000, 2)).toEqual({ first: 993, last: 1000 });
    expect(sliceOf(0, 100, 20, 0, 2)).toEqual({ first: 0, last: 0 });
  });

  test("know their end and the shortest way to a row", () => {
    expect(isAtEnd(900.4, 100, 1000, 18)).toBe(true);
    expect(isAtEnd(800, 100, 1000, 18)).toBe(false);
    expect(scrollToRow(0, 50, 100, 20)).toBe(0);
    expect(scrollToRow(10, 0, 100, 20)).toBe(120);
    expect(scrollToRow(3, 0, 100, 20)).toBe(0);
  });
});

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
    expect(lastState("05:09:45 | \r 10%\r 50%")).toBe("05:09:45 |  50%");
  });
});

describe("the lines of a log", () => {
  const push = (buffer: LogBuffer, lines: string[]) => lines.map((line) => buffer.push(line));

  test("sent again after a reconnection are recognised", () => {
    const buffer = new LogBuffer();
    push(buffer, ["a", "b"]);
    buffer.restart();
    expect(push(buffer, ["a", "b", "c"])).toEqual([false, false, true]);
    expect([buffer.line(0).text, buffer.line(1).text, buffer.line(2).text, buffer.length]).toEqual(["a", "b", "c", 3]);
  });

  test("of another file start over", () => {
    const buffer = new LogBuffer();
    push(buffer, ["a", "b", "c"]);
    buffer.restart();
    push(buffer, ["a", "x"]);
    expect([buffer.line(0).text, buffer.line(1).text, buffer.length]).toEqual(["a", "x", 2]);
  });

  test("beyond the limit are let go of from the start and counted", () => {
    const buffer = new LogBuffer(100);
    for (let i = 0; i < 20_200; i += 1) buffer.push(String(i));
    expect(buffer.nDropped).toBe(20_000);
    expect(buffer.line(0)).toEqual({ text: "20000", number: 20_001, n: 1 });
    expect(buffer.length + buffer.nDropped).toBe(20_200);
  });
});

describe("progress bars in a log", () => {
  const bar = (percent: number, label = "") => `\r${label}${String(percent)}%|##`;
  const rows = (lines: string[], buffer = new LogBuffer()) => {
    for (const line of lines) buffer.push(line);
    return Array.from({ length: buffer.nRows }, (_, i) => {
      const { text, number, n } = buffer.row(i);
      return [lastState(text), number, n];
    });
  };

  test("take one line each, which is their last state and says how many there were", () => {
    expect(rows(["epoch 0", bar(0), bar(50), bar(100), "epoch 1", bar(0), bar(30)])).toEqual([
      ["epoch 0", 1, 1], ["100%|##", 4, 3], ["epoch 1", 5, 1], ["30%|##", 7, 2],
    ]);
  });

  test("are folded behind the time that was written before them", () => {
    const lines = ["05:09:44 | epoch 1", "05:09:45 | \r  2%|", "05:09:46 | \r 98%|", "05:09:47 | done"];
    expect(rows(lines)).toEqual([["05:09:44 | epoch 1", 1, 1], ["05:09:46 |  98%|", 3, 2], ["05:09:47 | done", 4, 1]]);
  });

  test("that follow each other stay apart: by their label, and by going back", () => {
    expect(rows([bar(50), bar(100), bar(0), bar(40)])).toEqual([["100%|##", 2, 2], ["40%|##", 4, 2]]);
    expect(rows([bar(90, "train "), bar(95, "val ")])).toEqual([["train 90%|##", 1, 1], ["val 95%|##", 2, 1]]);
  });

  test("without a percentage are folded too, and lines that write over nothing are not", () => {
    expect(rows(["\r1/9", "\r2/9", "a\rb", "a\rc", "x", "x"])).toEqual([
      ["2/9", 2, 2], ["b", 3, 1], ["c", 4, 1], ["x", 5, 1], ["x", 6, 1],
    ]);
  });

  test("stay folded when old lines are let go of or another file comes", () => {
    const buffer = new LogBuffer(100);
    for (let i = 0; i < 20_101; i += 1) buffer.push(i < 20_050 ? bar(50) : String(i));
    expect([buffer.nDropped, buffer.nRows, buffer.nRowsDropped]).toEqual([20_000, 52, 0]);
    expect(buffer.row(0)).toEqual({ text: bar(50), number: 20_050, n: 50 });
    expect(buffer.row(51).text).toBe("20100");
    const other = new LogBuffer();
    for (const line of ["a", bar(1), bar(2), bar(3)]) other.push(line);
    other.restart();
    expect(rows(["a", bar(1), "b"], other)).toEqual([["a", 1, 1], ["1%|##", 2, 1], ["b", 3, 1]]);
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

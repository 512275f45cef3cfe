import { lastState, splitStamp } from "./ansi";

type Progress = { label: string; percent: number | null };

/** The state of a progress bar; `null` for a line that does not go back to its start to write over what stood there. */
function progressOf(line: string): Progress | null {
  const [, logged] = splitStamp(line);
  if (!logged.startsWith("\r")) return null;
  const text = lastState(logged).trim();
  const percent = /(\d+(?:\.\d+)?)\s?%/.exec(text);
  return { label: text.split(/\d/, 1)[0] ?? "", percent: percent ? Number(percent[1]) : null };
}

/** Whether a line is a newer state of the same progress bar as the line before it. */
export function isNextState(line: string, before: string): boolean {
  const [next, last] = [progressOf(line), progressOf(before)];
  if (!next || !last) return false;
  // A bar never goes back: one that seems to is the next one, and the last state of the first is worth a line.
  const goesBack = next.percent !== null && last.percent !== null && next.percent < last.percent;
  return next.label === last.label && !goesBack;
}

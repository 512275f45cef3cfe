import { lastState } from "./ansi";

/** Whether a line goes back to its start to write over what stood there, as progress bars do. */
function rewrites(line: string): boolean {
  return line.startsWith("\r");
}

type Progress = { label: string; percent: number | null };

function progressOf(line: string): Progress {
  const text = lastState(line).trim();
  const percent = /(\d+(?:\.\d+)?)\s?%/.exec(text);
  return { label: text.split(/\d/, 1)[0] ?? "", percent: percent ? Number(percent[1]) : null };
}

/** Whether a line is a newer state of the same progress bar as the line before it. */
export function isNextState(line: string, before: string): boolean {
  if (!rewrites(line) || !rewrites(before)) return false;
  const [next, last] = [progressOf(line), progressOf(before)];
  // A bar never goes back: one that seems to is the next one, and the last state of the first is worth a line.
  const goesBack = next.percent !== null && last.percent !== null && next.percent < last.percent;
  return next.label === last.label && !goesBack;
}

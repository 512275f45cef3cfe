import { isNextState } from "./fold";

/** More lines than this are not kept in the page; browsers limit how tall an element can be. */
export const MAX_LINES = 400_000;
/** Old lines are let go of in blocks, since each time costs a copy. */
const BLOCK = 20_000;

/** One line on the screen: a line of the log, or the last of those that write over each other. */
export type Row = {
  text: string;
  /** Number of the line in the file, from 1. */
  number: number;
  /** Lines that it stands for. */
  n: number;
};

/**
 * The lines of a log, oldest first.
 *
 * The socket sends the whole log again after a reconnection, so lines that are already here are
 * recognised by their number and skipped; a log that has become another file starts over.
 */
export class LogBuffer {
  #lines: string[] = [];
  /** Positions in the log at which the rows of the folded log begin. */
  #starts: number[] = [];
  #nDropped = 0;
  #nRowsDropped = 0;
  /** Lines received in this connection. */
  #position = 0;
  readonly #limit: number;

  constructor(limit = MAX_LINES) {
    this.#limit = limit;
  }

  /** Lines in the page. */
  get length(): number {
    return this.#lines.length;
  }

  /** Rows in the page when progress bars are folded. */
  get nRows(): number {
    return this.#starts.length;
  }

  /** Lines at the start of the log that were let go of. */
  get nDropped(): number {
    return this.#nDropped;
  }

  get nRowsDropped(): number {
    return this.#nRowsDropped;
  }

  line(index: number): Row {
    return { text: this.#lines[index] ?? "", number: this.#nDropped + index + 1, n: 1 };
  }

  row(index: number): Row {
    const end = this.#starts[index + 1] ?? this.#nDropped + this.#lines.length;
    const last = this.line(end - 1 - this.#nDropped);
    return { ...last, n: end - (this.#starts[index] ?? end) };
  }

  /** A new connection begins and will send everything from the first line on. */
  restart(): void {
    this.#position = 0;
  }

  /** Take a line as it comes; returns whether the log has changed. */
  push(line: string): boolean {
    const index = this.#position - this.#nDropped;
    this.#position += 1;
    if (index < 0) return false;
    if (index < this.#lines.length) {
      if (this.#lines[index] === line) return false;
      // Not the file we know: what follows in the page belongs to the old one.
      this.#lines.length = index;
      while ((this.#starts.at(-1) ?? -1) >= this.#nDropped + index) this.#starts.pop();
    }
    const before = this.#lines.at(-1);
    if (before === undefined || !isNextState(line, before)) this.#starts.push(this.#nDropped + index);
    this.#lines.push(line);
    if (this.#lines.length > this.#limit + BLOCK) this.#drop();
    return true;
  }

  #drop(): void {
    this.#lines = this.#lines.slice(BLOCK);
    this.#nDropped += BLOCK;
    const kept = this.#starts.findIndex((_, i) => (this.#starts[i + 1] ?? Infinity) > this.#nDropped);
    this.#starts = this.#starts.slice(kept);
    this.#nRowsDropped += kept;
    this.#starts[0] = Math.max(this.#starts[0] ?? 0, this.#nDropped);
  }
}

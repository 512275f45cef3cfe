/** More lines than this are not kept in the page; browsers limit how tall an element can be. */
export const MAX_LINES = 400_000;
/** Old lines are let go of in blocks, since each time costs a copy. */
const BLOCK = 20_000;

/**
 * The lines of a log, oldest first.
 *
 * The socket sends the whole log again after a reconnection, so lines that are already here are
 * recognised by their number and skipped; a log that has become another file starts over.
 */
export class LogBuffer {
  #lines: string[] = [];
  #nDropped = 0;
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

  /** Lines at the start of the log that were let go of. */
  get nDropped(): number {
    return this.#nDropped;
  }

  at(index: number): string {
    return this.#lines[index] ?? "";
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
    }
    this.#lines.push(line);
    if (this.#lines.length > this.#limit + BLOCK) {
      this.#lines = this.#lines.slice(BLOCK);
      this.#nDropped += BLOCK;
    }
    return true;
  }
}

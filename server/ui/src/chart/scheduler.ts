/**
 * Spreads redraws over frames.
 *
 * Redrawing a dozen panels in one frame takes longer than a frame without a GPU, so the panel under
 * the pointer is drawn at once and the linked ones follow one a frame.
 */
export class Scheduler {
  readonly #frame: (task: () => void) => void;
  readonly #queue = new Map<object, () => void>();
  #isRunning = false;

  constructor(frame: (task: () => void) => void) {
    this.#frame = frame;
  }

  /** Draw with the next frame that is free; an older request of the same owner is replaced. */
  request(owner: object, draw: () => void): void {
    this.#queue.set(owner, draw);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#frame(() => this.#next());
  }

  cancel(owner: object): void {
    this.#queue.delete(owner);
  }

  #next(): void {
    const first = this.#queue.entries().next().value;
    if (!first) {
      this.#isRunning = false;
      return;
    }
    const [owner, draw] = first;
    this.#queue.delete(owner);
    draw();
    this.#frame(() => this.#next());
  }
}

export const followers = new Scheduler((task) => requestAnimationFrame(task));

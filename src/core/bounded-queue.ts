/** What waits for its turn, so many at most: what comes then is dropped and counted. */
export class BoundedQueue<T> {
  readonly #limit: number;
  #waiting: T[] = [];
  #next = 0;
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#waiting.length - this.#next;
  }

  /** False when there was no room for it. */
  push(item: T): boolean {
    if (this.size >= this.#limit) {
      this.#dropped++;
      return false;
    }
    this.#waiting.push(item);
    return true;
  }

  /** The longest waiting ones, `count` at most. */
  take(count: number): T[] {
    const taken = this.#waiting.slice(this.#next, this.#next + count);
    this.#next += taken.length;
    if (this.#next === this.#waiting.length || this.#next > this.#limit) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    return taken;
  }

  /** How many were dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}

import type { Clock } from '../../src/clock.ts';

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

const START_MS = 1_700_000_000_000;

/** Time that passes only when nothing is left to do in it. Its own timers only: none of Node's. */
export class SimClock implements Clock {
  #nowMs = START_MS;
  #order = 0;
  readonly #heap: Due[] = [];

  nowMs = (): number => this.#nowMs;

  /** Runs `run` in `ms`; those for one moment in the order in which they were asked for. */
  after(ms: number, run: () => void): void {
    const due: Due = {
      atMs: this.#nowMs + Math.max(0, ms),
      order: this.#order++,
      run,
    };
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isSooner(due, heap[parent])) break;
      heap[at] = heap[parent] as Due;
      at = parent;
    }
    heap[at] = due;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets time pass for `ms`. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settled();
    for (let due = this.#heap[0]; due && due.atMs <= untilMs; due = this.#heap[0]) {
      this.#removeFirst();
      this.#nowMs = due.atMs;
      due.run();
      await settled();
    }
    this.#nowMs = untilMs;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (isSooner(heap[child + 1], heap[child])) child++;
      if (!isSooner(heap[child], last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
  }
}

const isSooner = (one: Due | undefined, other: Due | undefined): boolean =>
  one !== undefined &&
  (other === undefined || one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order));

/** Resolves when all that was set off, promises and immediates alike, has run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

import { BoundedQueue } from '../core/bounded-queue.ts';

export interface IntakeDeps<T> {
  /** Whether it is a known node's message. */
  readonly isKnown: (message: T) => boolean;
  readonly answer: (message: T) => void;
  /** Called at most every ten seconds while there are any: messages that found the queue full. */
  readonly onDropped: (count: number) => void;
  /** Runs `turn` when the packets that have arrived are read; setImmediate. */
  readonly defer: (turn: () => void) => void;
  readonly nowMs: () => number;
}

/** Some 3 MB of messages, and half a second of work. */
const MAX_WAITING = 4096;
/** Unknown machines answered before the sockets are read again: some 10 ms, the longest that a known node waits. */
const PER_TURN = 256;
const TELL_EVERY_MS = 10_000;

/**
 * Known nodes first: their messages are answered as they are read, everybody else's after all that have arrived are
 * read, a few at a time. So a flood of unknown machines keeps no node waiting, and takes no memory without end.
 */
export class DhcpIntake<T> {
  readonly #deps: IntakeDeps<T>;
  readonly #queue = new BoundedQueue<T>(MAX_WAITING);
  #scheduled = false;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: IntakeDeps<T>) {
    this.#deps = deps;
  }

  take(message: T): void {
    if (this.#deps.isKnown(message)) this.#deps.answer(message);
    else if (this.#queue.push(message)) this.#schedule();
    else this.#tellDropped();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#deps.defer(() => {
      this.#scheduled = false;
      for (const message of this.#queue.take(PER_TURN)) this.#deps.answer(message);
      if (this.#queue.size > 0) this.#schedule();
    });
  }

  #tellDropped(): void {
    const nowMs = this.#deps.nowMs();
    if (nowMs - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    this.#deps.onDropped(this.#queue.takeDropped());
  }
}

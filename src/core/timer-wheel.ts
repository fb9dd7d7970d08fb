/** What a wheel wakes. The wheel alone writes these two. */
export interface Timed {
  /** When it wants to be woken; infinite: not at all. */
  wakeAtMs: number;
  /** The turn it is filed under. */
  filedTurn: number;
}

const TURN_MS = 5;
const SLOTS = 2048; // ten seconds ahead; what lies further is looked at on the way

/**
 * Wakes thousands of waiting things by one clock: putting a wake-up off, which every packet does, costs an assignment.
 * Time is an argument.
 */
export class TimerWheel<T extends Timed> {
  readonly #slots: T[][] = Array.from({ length: SLOTS }, () => []);
  #turn: number;

  constructor(nowMs: number) {
    this.#turn = Math.floor(nowMs / TURN_MS);
  }

  /** Sets when `item` is woken; an earlier setting is forgotten. */
  schedule(item: T, wakeAtMs: number): void {
    item.wakeAtMs = wakeAtMs;
    const turn = this.#turnOf(wakeAtMs);
    if (turn < item.filedTurn) this.#file(item, turn); // else it is looked at before, and filed again
  }

  cancel(item: T): void {
    item.wakeAtMs = Number.POSITIVE_INFINITY;
    item.filedTurn = Number.POSITIVE_INFINITY;
  }

  /** Calls `wake` for everything that is due. */
  advance(nowMs: number, wake: (item: T) => void): void {
    const until = Math.floor(nowMs / TURN_MS);
    while (this.#turn < until) {
      this.#turn++;
      const slot = this.#turn % SLOTS;
      const filed = this.#slots[slot] ?? [];
      if (filed.length === 0) continue;
      this.#slots[slot] = [];
      for (const item of filed) this.#look(item, nowMs, wake);
    }
  }

  #look(item: T, nowMs: number, wake: (item: T) => void): void {
    if (item.filedTurn > this.#turn) return; // cancelled, or filed elsewhere since
    item.filedTurn = Number.POSITIVE_INFINITY;
    if (item.wakeAtMs > nowMs) {
      this.#file(item, this.#turnOf(item.wakeAtMs));
      return;
    }
    item.wakeAtMs = Number.POSITIVE_INFINITY;
    wake(item);
  }

  #turnOf(wakeAtMs: number): number {
    const turn = Math.ceil(wakeAtMs / TURN_MS);
    return Math.min(Math.max(turn, this.#turn + 1), this.#turn + SLOTS - 1);
  }

  #file(item: T, turn: number): void {
    item.filedTurn = turn;
    this.#slots[turn % SLOTS]?.push(item);
  }
}

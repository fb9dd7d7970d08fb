import { runningOperation } from '../store/operations.ts';
import type { Reconciler } from './reconciler.ts';
import type { SeedState } from './seed-state.ts';

const IDLE_MS = 2_000;

/** Works on whatever operation is running, one at a time, for as long as the daemon lives; resumes it after a start. */
export class Operator {
  readonly #state: SeedState;
  readonly #reconciler: Reconciler;
  #wake: () => void = () => {};
  #ended: Promise<void> = Promise.resolve();

  constructor(state: SeedState, reconciler: Reconciler) {
    this.#state = state;
    this.#reconciler = reconciler;
  }

  /** Resolves when it has stopped; rejects with the bug that ended it. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** `after` comes first: to take up the undercloud may mean to start it. Questions are answered meanwhile. */
  start(signal: AbortSignal, after: Promise<void>): void {
    this.#ended = after.then(() => this.#work(signal));
    this.#ended.catch(() => {});
  }

  /** An operation was begun or cancelled: look now. */
  wake(): void {
    this.#wake();
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { database } = this.#state;
    while (!signal.aborted) {
      const operation = await runningOperation(database);
      if (operation === undefined) await this.#idle(signal);
      else await this.#workOn(operation, signal);
    }
  }

  /** A cancelled operation stops its work, but not a step that is under way. */
  async #workOn(
    operation: NonNullable<Awaited<ReturnType<typeof runningOperation>>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { database, log } = this.#state;
    const cancelled = new AbortController();
    this.#wake = () => {
      void runningOperation(database).then((running) => {
        if (running?.id !== operation.id)
          cancelled.abort(new Error(`operation ${operation.id} was cancelled`));
      });
    };
    log.info({ operation: operation.id, target: operation.target }, 'working on operation');
    await this.#reconciler.work(operation, AbortSignal.any([signal, cancelled.signal]));
  }

  async #idle(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, IDLE_MS);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

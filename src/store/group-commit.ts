import type { Lease } from '../core/lease.ts';

/** For the metrics: their ratio is how well commits are gathered. */
export interface Written {
  readonly batches: number;
  readonly leases: number;
}

interface Waiter {
  readonly leases: readonly Lease[];
  resolve(standing: readonly Lease[]): void;
  reject(error: unknown): void;
}

const NOTHING: readonly Lease[] = [];

/**
 * Collects what is to be committed while a write is under way, and writes it as one: one sync of the disk for many
 * machines. Each caller hears of its own leases only.
 */
export class GroupCommit {
  readonly #write: (leases: Lease[]) => Promise<readonly Lease[]>;
  readonly #written = { batches: 0, leases: 0 };
  #waiters: Waiter[] = [];
  #running: Promise<void> | null = null;

  /** `write` makes leases durable and returns those that stand in their way. */
  constructor(write: (leases: Lease[]) => Promise<readonly Lease[]>) {
    this.#write = write;
  }

  commit(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ leases, resolve, reject });
      this.#running ??= this.#writeAll();
    });
  }

  /** How many writes there were, and how many leases were in them. */
  written(): Written {
    return { ...this.#written };
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #writeAll(): Promise<void> {
    // What arrives within this turn of the event loop shares the first write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiters.length > 0) {
      const waiters = this.#waiters;
      this.#waiters = [];
      try {
        const batch = waiters.flatMap(({ leases }) => leases);
        const standing = await this.#write(batch);
        this.#written.batches++;
        this.#written.leases += batch.length;
        for (const waiter of waiters)
          waiter.resolve(standing.length === 0 ? NOTHING : ofHis(waiter, standing));
      } catch (error) {
        for (const { reject } of waiters) reject(error);
      }
    }
    this.#running = null;
  }
}

const ofHis = ({ leases }: Waiter, standing: readonly Lease[]): Lease[] =>
  standing.filter((other) =>
    leases.some((lease) => lease.network === other.network && lease.address === other.address),
  );

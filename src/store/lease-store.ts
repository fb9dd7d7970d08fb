import { Worker } from 'node:worker_threads';
import type { Lease } from '../core/lease.ts';
import { BlackstartError, reasonOf } from '../errors.ts';

/** Where leases outlive the process. A lease is committed before it is acknowledged. */
export interface LeaseStore {
  /** Every lease on record, of every network. */
  load(): Promise<readonly Lease[]>;
  /** Resolves when the leases are on disk and would survive a power cut. Later entries of a batch win. */
  commit(batch: readonly Lease[]): Promise<void>;
  close(): Promise<void>;
}

/** What the worker is asked, and what it answers. */
export type LeaseRequest =
  | { id: number; kind: 'load' | 'close' }
  | { id: number; kind: 'commit'; leases: Lease[] };
export type LeaseResponse = { id: number; leases: readonly Lease[]; failure: string | null };

interface Waiting {
  resolve(leases: readonly Lease[]): void;
  reject(error: unknown): void;
}

/**
 * Opens `file` (WAL, synchronous=FULL) in a worker thread, so that the packet loop never waits for a disk. Commits
 * that arrive while one is being written share the next transaction: one fsync for many machines.
 */
export async function openLeaseStore(file: string): Promise<LeaseStore> {
  const store = new WorkerLeaseStore(file);
  await store.load();
  return store;
}

class WorkerLeaseStore implements LeaseStore {
  readonly #file: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #writing = false;
  #nextBatch: Lease[] = [];
  #nextWaiters: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  #failure: BlackstartError | null = null;

  constructor(file: string) {
    this.#file = file;
    this.#worker = new Worker(new URL('./lease-worker.ts', import.meta.url), {
      workerData: { file },
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.on('message', (response: LeaseResponse) => this.#settle(response));
    this.#worker.on('error', (error) => this.#failAll(reasonOf(error)));
    this.#worker.on('exit', () => this.#failAll('the lease store is closed'));
  }

  load(): Promise<readonly Lease[]> {
    return this.#ask({ id: ++this.#lastId, kind: 'load' });
  }

  commit(batch: readonly Lease[]): Promise<void> {
    this.#nextBatch.push(...batch);
    return new Promise((resolve, reject) => {
      this.#nextWaiters.push({ resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  async close(): Promise<void> {
    while (this.#writing) await new Promise((resolve) => setImmediate(resolve));
    if (!this.#failure) await this.#ask({ id: ++this.#lastId, kind: 'close' });
    await this.#worker.terminate();
  }

  /** Writes batch after batch until nobody waits. */
  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#nextWaiters.length > 0) {
      const waiters = this.#nextWaiters;
      const leases = this.#nextBatch;
      this.#nextWaiters = [];
      this.#nextBatch = [];
      try {
        await this.#ask({ id: ++this.#lastId, kind: 'commit', leases });
        for (const { resolve } of waiters) resolve();
      } catch (error) {
        for (const { reject } of waiters) reject(error);
      }
    }
    this.#writing = false;
  }

  #ask(request: LeaseRequest): Promise<readonly Lease[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  #settle({ id, leases, failure }: LeaseResponse): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure === null) waiting?.resolve(leases);
    else waiting?.reject(storeFailed(this.#file, failure));
  }

  #failAll(reason: string): void {
    this.#failure ??= storeFailed(this.#file, reason);
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

const storeFailed = (file: string, reason: string) =>
  new BlackstartError('E_LEASE_STORE', `the lease store ${file} failed: ${reason}`, {
    remedy:
      'Look for a full or read-only disk with "df" on its folder; no address is given out until it works.',
  });

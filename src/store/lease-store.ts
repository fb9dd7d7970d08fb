import { Worker } from 'node:worker_threads';
import type { Lease } from '../core/lease.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import { GroupCommit, type Written } from './group-commit.ts';

/** Where leases outlive the process. A lease is committed before it is acknowledged. */
export interface LeaseStore {
  /** Every lease on record, of every network. */
  load(): Promise<readonly Lease[]>;
  /**
   * Resolves when the leases are on disk and would survive a power cut. Later entries of a batch win. Where several
   * seeds share a store, another may have given an address away meanwhile: such a lease is not written, and the one
   * that stands is in what this resolves with. It is empty otherwise.
   */
  commit(batch: readonly Lease[]): Promise<readonly Lease[]>;
  /** Has this one told what other seeds committed, in a moment or two; it may ask more than once. Absent where there are no others. */
  readonly watch?: (onChange: (leases: readonly Lease[]) => void) => void;
  /** What was written since the start. Absent where nobody counts. */
  readonly written?: () => Written;
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
  readonly #commits = new GroupCommit((leases) => this.#ask({ id: ++this.#lastId, kind: 'commit', leases }));
  #lastId = 0;
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

  commit(batch: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#commits.commit(batch);
  }

  written(): Written {
    return this.#commits.written();
  }

  async close(): Promise<void> {
    await this.#commits.idle();
    if (!this.#failure) await this.#ask({ id: ++this.#lastId, kind: 'close' });
    await this.#worker.terminate();
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

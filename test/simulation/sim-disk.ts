import type { Lease } from '../../src/core/lease.ts';
import type { LeaseStore } from '../../src/store/lease-store.ts';
import type { Random } from '../random.ts';
import { FakeLeaseStore } from '../store/fake-lease-store.ts';
import type { SimClock } from './sim-clock.ts';

/** The lease file as it outlives the seed. What a life of the seed has not synced when it is killed is gone. */
export class SimDisk {
  readonly synced = new FakeLeaseStore();
  readonly #clock: SimClock;
  readonly #random: Random;

  constructor(clock: SimClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The store of one life of the seed: commits take time, and those of one moment are synced together. */
  open(isAlive: () => boolean): LeaseStore {
    let lastSync: Promise<readonly Lease[]> = Promise.resolve([]);
    const write = async (batch: readonly Lease[]) => {
      await this.#clock.sleep(1 + this.#random.below(20));
      if (!isAlive()) return new Promise<readonly Lease[]>(() => {});
      const standing = await this.synced.commit(batch);
      await this.#clock.sleep(this.#random.below(3)); // synced, but nobody has been told
      return standing;
    };
    return {
      load: () => this.synced.load(),
      commit: (batch) => {
        lastSync = lastSync.then(() => write(batch));
        return lastSync;
      },
      close: async () => {},
    };
  }
}

import type { Lease } from '../../src/core/lease.ts';
import type { LeaseStore } from '../../src/store/lease-store.ts';

/** A whole lease store in memory; `broken` makes its commits fail, as a full disk would. */
export class FakeLeaseStore implements LeaseStore {
  readonly leases = new Map<string, Lease>();
  broken = false;

  async load(): Promise<readonly Lease[]> {
    return [...this.leases.values()];
  }

  async commit(batch: readonly Lease[]): Promise<readonly Lease[]> {
    if (this.broken) throw new Error('the disk is full');
    for (const lease of batch) {
      for (const [key, other] of this.leases)
        if (lease.state !== 'declined' && moved(other, lease)) this.leases.delete(key);
      this.leases.set(`${lease.network} ${lease.address}`, lease);
    }
    return [];
  }

  async close(): Promise<void> {}
}

const moved = (other: Lease, lease: Lease): boolean =>
  other.network === lease.network &&
  other.mac === lease.mac &&
  other.address !== lease.address &&
  other.state !== 'declined';

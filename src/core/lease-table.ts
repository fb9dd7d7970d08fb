import { formatIpv4, ipv4Number } from '../wire/ipv4.ts';
import { holds, type Lease } from './lease.ts';

interface Pool {
  /** The network's name, as its leases carry it. */
  readonly name: string;
  readonly poolStart: string;
  readonly poolEnd: string;
}

/**
 * Every lease of one network in memory: what the packet loop asks. The store holds the same on disk. Kept in the
 * order of last use, so that the oldest expired address is found from the front.
 */
export class LeaseTable {
  readonly #pool: Pool;
  readonly #byAddress = new Map<string, Lease>();
  readonly #byMac = new Map<string, string>();
  readonly #lastPoolAddress: number;
  #neverUsed: number;
  #nothingFreeUntilMs = 0;

  constructor(pool: Pool, leases: Iterable<Lease> = []) {
    this.#pool = pool;
    this.#neverUsed = ipv4Number(pool.poolStart);
    this.#lastPoolAddress = ipv4Number(pool.poolEnd);
    const known = [...leases].filter((lease) => lease.network === pool.name);
    for (const lease of known.sort((a, b) => a.expiresAtMs - b.expiresAtMs)) this.put(lease);
  }

  byAddress(address: string): Lease | null {
    return this.#byAddress.get(address) ?? null;
  }

  byMac(mac: string): Lease | null {
    return this.byAddress(this.#byMac.get(mac) ?? '');
  }

  /** Records a lease; the machine's earlier address and the address's earlier holder are let go. */
  put(lease: Lease): void {
    const declined = lease.state === 'declined';
    const earlier = this.#byMac.get(lease.mac);
    if (earlier !== undefined && earlier !== lease.address && !declined) this.#forget(earlier);
    const holder = this.#byAddress.get(lease.address);
    if (holder && (holder.mac !== lease.mac || declined) && this.#byMac.get(holder.mac) === lease.address)
      this.#byMac.delete(holder.mac);
    this.#byAddress.delete(lease.address);
    this.#byAddress.set(lease.address, lease);
    if (!declined) this.#byMac.set(lease.mac, lease.address);
    this.#nothingFreeUntilMs = 0;
  }

  /** Forgets an offer that the machine did not take. */
  drop(lease: Lease): void {
    if (this.#byAddress.get(lease.address) !== lease) return;
    this.#byMac.delete(lease.mac);
    this.#forget(lease.address);
    this.#nothingFreeUntilMs = 0;
  }

  inPool(address: string): boolean {
    const value = ipv4Number(address);
    return value >= ipv4Number(this.#pool.poolStart) && value <= this.#lastPoolAddress;
  }

  /** A pool address that nobody holds and `taken` does not claim: a never used one, else the longest unused. */
  findFree(nowMs: number, taken: (address: string) => boolean): string | null {
    if (nowMs < this.#nothingFreeUntilMs) return null;
    const fresh = this.#findNeverUsed(taken);
    if (fresh !== null) return fresh;
    let earliestEndMs = Number.POSITIVE_INFINITY;
    for (const lease of this.#byAddress.values()) {
      if (!this.inPool(lease.address) || taken(lease.address)) continue;
      if (!holds(lease, nowMs)) return lease.address;
      earliestEndMs = Math.min(earliestEndMs, lease.expiresAtMs);
    }
    this.#nothingFreeUntilMs = Number.isFinite(earliestEndMs) ? earliestEndMs : 0;
    return null;
  }

  all(): Iterable<Lease> {
    return this.#byAddress.values();
  }

  #forget(address: string): void {
    this.#byAddress.delete(address);
    if (this.inPool(address)) this.#neverUsed = Math.min(this.#neverUsed, ipv4Number(address));
  }

  /** Walks the pool once: the cursor never returns to an address unless it is forgotten. */
  #findNeverUsed(taken: (address: string) => boolean): string | null {
    for (; this.#neverUsed <= this.#lastPoolAddress; this.#neverUsed++) {
      const address = formatIpv4(this.#neverUsed);
      if (!this.#byAddress.has(address) && !taken(address)) return address;
    }
    return null;
  }
}

import { AddressPool, type AddressRange } from './address-pool.ts';
import { holds, type Lease } from './lease.ts';

interface Pool {
  /** The network's name, as its leases carry it. */
  readonly name: string;
  readonly pools: readonly AddressRange[];
}

/** How many pool addresses are in which state; `free` can be given out at once. */
export interface PoolCount {
  readonly size: number;
  readonly offered: number;
  readonly bound: number;
  readonly declined: number;
  readonly free: number;
}

/** How many addresses of a shared pool are a machine's own: two seeds seldom meet until the pool is nearly full. */
const OWN_PLACES = 8;

/**
 * Every lease of one network in memory: what the packet loop asks. The store holds the same on disk. Pool leases are
 * kept by state in the order of their last use, which within a state is the order of their ends, so that the longest
 * unused address is found at a front.
 */
export class LeaseTable {
  readonly #name: string;
  readonly #pool: AddressPool;
  readonly #byAddress = new Map<string, Lease>();
  readonly #byMac = new Map<string, string>();
  readonly #queues: Readonly<Record<Lease['state'], Map<string, Lease>>> = {
    offered: new Map(),
    bound: new Map(),
    released: new Map(),
    declined: new Map(),
  };
  #neverUsed = 0;
  readonly #forgotten = new Set<string>();
  readonly #shared: boolean;
  #nothingFreeUntilMs = 0;

  /** `shared`: other seeds give out addresses of the same pool. */
  constructor(pool: Pool, leases: Iterable<Lease> = [], { shared = false } = {}) {
    this.#name = pool.name;
    this.#shared = shared;
    this.#pool = new AddressPool(pool.pools);
    const known = [...leases].filter((lease) => lease.network === this.#name);
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
    if (holder) {
      const moves = holder.mac !== lease.mac || declined;
      if (moves && this.#byMac.get(holder.mac) === lease.address) this.#byMac.delete(holder.mac);
      this.#queues[holder.state].delete(lease.address);
    }
    this.#byAddress.set(lease.address, lease);
    if (this.inPool(lease.address)) this.#queues[lease.state].set(lease.address, lease);
    this.#forgotten.delete(lease.address);
    if (!declined) this.#byMac.set(lease.mac, lease.address);
    this.#nothingFreeUntilMs =
      lease.state === 'released' ? 0 : Math.min(this.#nothingFreeUntilMs, lease.expiresAtMs);
  }

  /** Forgets an offer that the machine did not take. */
  drop(lease: Lease): void {
    if (this.#byAddress.get(lease.address) !== lease) return;
    this.#byMac.delete(lease.mac);
    this.#forget(lease.address);
  }

  get poolSize(): number {
    return this.#pool.size;
  }

  inPool(address: string): boolean {
    return this.#pool.has(address);
  }

  /**
   * A pool address that nobody holds and `taken` does not claim: a never used one, else the longest unused. In a pool
   * that seeds share, one of the machine's own first: all of them offer it that, and no other machine.
   */
  findFree(mac: string, nowMs: number, taken: (address: string) => boolean): string | null {
    const own = this.#shared ? this.#findByMac(mac, taken) : null;
    return own ?? this.#findNeverUsed(taken) ?? this.#findOldest(nowMs, taken);
  }

  /** The next addresses that `findFree` would give, were it asked again and again by machines of this seed alone. */
  upcoming(count: number, nowMs: number, taken: (address: string) => boolean): string[] {
    const found: string[] = [];
    for (const address of this.#forgotten) if (found.length < count && !taken(address)) found.push(address);
    for (let index = this.#neverUsed; index < this.#pool.size && found.length < count; index++) {
      const address = this.#pool.at(index);
      if (
        address !== null &&
        !this.#byAddress.has(address) &&
        !this.#forgotten.has(address) &&
        !taken(address)
      )
        found.push(address);
    }
    return found.length < count ? [...found, ...this.#expired(count - found.length, nowMs, taken)] : found;
  }

  #expired(count: number, nowMs: number, taken: (address: string) => boolean): string[] {
    const ended: Lease[] = [];
    for (const queue of Object.values(this.#queues))
      for (const lease of queue.values())
        if (!holds(lease, nowMs) && !taken(lease.address)) ended.push(lease);
    const oldestFirst = ended.sort((a, b) => a.expiresAtMs - b.expiresAtMs);
    return oldestFirst.slice(0, count).map(({ address }) => address);
  }

  all(): Iterable<Lease> {
    return this.#byAddress.values();
  }

  /** For metrics and alarms: walks the pool's leases once. */
  count(nowMs: number): PoolCount {
    const held = { offered: 0, bound: 0, declined: 0 };
    for (const state of ['offered', 'bound', 'declined'] as const)
      for (const lease of this.#queues[state].values()) if (holds(lease, nowMs)) held[state]++;
    const { size } = this.#pool;
    return { size, ...held, free: size - held.offered - held.bound - held.declined };
  }

  #forget(address: string): void {
    const lease = this.#byAddress.get(address);
    if (lease) this.#queues[lease.state].delete(address);
    this.#byAddress.delete(address);
    if (this.inPool(address)) this.#forgotten.add(address);
    this.#nothingFreeUntilMs = 0;
  }

  /** Walks the pool once: the cursor never returns. Addresses that were let go without a trace come first. */
  #findNeverUsed(taken: (address: string) => boolean): string | null {
    for (const address of this.#forgotten) if (!taken(address)) return address;
    for (; this.#neverUsed < this.#pool.size; this.#neverUsed++) {
      const address = this.#pool.at(this.#neverUsed);
      if (address !== null && !this.#byAddress.has(address) && !taken(address)) return address;
    }
    return null;
  }

  #findByMac(mac: string, taken: (address: string) => boolean): string | null {
    for (let tries = 0; tries < OWN_PLACES; tries++) {
      const address = this.#pool.at(hashOf(`${mac} ${tries}`) % this.#pool.size);
      if (address !== null && !this.#byAddress.has(address) && !taken(address)) return address;
    }
    return null;
  }

  #findOldest(nowMs: number, taken: (address: string) => boolean): string | null {
    if (nowMs < this.#nothingFreeUntilMs) return null;
    let oldest: Lease | null = null;
    for (const queue of Object.values(this.#queues)) {
      for (const lease of queue.values()) {
        if (taken(lease.address)) continue;
        if (!holds(lease, nowMs) && (oldest === null || lease.expiresAtMs < oldest.expiresAtMs))
          oldest = lease;
        break;
      }
    }
    return oldest ? oldest.address : this.#findAnyExpired(nowMs, taken);
  }

  /** The fronts are no proof when the site's lease time was changed: all are looked at, once until one can end. */
  #findAnyExpired(nowMs: number, taken: (address: string) => boolean): string | null {
    let earliestEndMs = Number.POSITIVE_INFINITY;
    for (const queue of Object.values(this.#queues)) {
      for (const lease of queue.values()) {
        if (taken(lease.address)) continue;
        if (!holds(lease, nowMs)) return lease.address;
        earliestEndMs = Math.min(earliestEndMs, lease.expiresAtMs);
      }
    }
    this.#nothingFreeUntilMs = Number.isFinite(earliestEndMs) ? earliestEndMs : 0;
    return null;
  }
}

/** FNV-1a, 32 bits: the same on every seed. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}

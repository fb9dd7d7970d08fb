import { formatIpv6, ipv6Number } from '../wire/ipv6.ts';
import { holds, type Lease } from './lease.ts';

interface Pool6 {
  readonly poolStart: string;
  readonly poolEnd: string;
}

/** Every IPv6 lease of one network in memory, in the order of last use. `Lease.mac` is its holder: a MAC or a DUID. */
export class LeaseTable6 {
  readonly network: string;
  readonly #first: bigint;
  readonly #size: number;
  readonly #byAddress = new Map<string, Lease>();
  readonly #byHolder = new Map<string, string>();
  #usedOfPool = 0;
  #nothingFreeUntilMs = 0;

  /** `network` as leases carry it. The site holds pools to 65,536 addresses, which a search may walk. */
  constructor(network: string, pool: Pool6, leases: Iterable<Lease> = []) {
    this.network = network;
    this.#first = ipv6Number(pool.poolStart);
    this.#size = Number(ipv6Number(pool.poolEnd) - this.#first) + 1;
    const known = [...leases].filter((lease) => lease.network === network);
    for (const lease of known.sort((a, b) => a.expiresAtMs - b.expiresAtMs)) this.put(lease);
  }

  byAddress(address: string): Lease | null {
    return this.#byAddress.get(address) ?? null;
  }

  byHolder(holder: string): Lease | null {
    return this.byAddress(this.#byHolder.get(holder) ?? '');
  }

  /** Records a lease; the holder's earlier address and the address's earlier holder are let go. */
  put(lease: Lease): void {
    const declined = lease.state === 'declined';
    const earlier = this.#byHolder.get(lease.mac);
    if (earlier !== undefined && earlier !== lease.address && !declined) this.#forget(earlier);
    const before = this.#byAddress.get(lease.address);
    if (before && this.#byHolder.get(before.mac) === lease.address) this.#byHolder.delete(before.mac);
    this.#forget(lease.address);
    if (this.inPool(lease.address)) this.#usedOfPool++;
    this.#byAddress.set(lease.address, lease);
    if (!declined) this.#byHolder.set(lease.mac, lease.address);
    this.#nothingFreeUntilMs = 0;
  }

  inPool(address: string): boolean {
    const at = ipv6Number(address) - this.#first;
    return at >= 0n && at < BigInt(this.#size);
  }

  /**
   * A pool address that nobody holds and `taken` does not claim: a never used one, else the longest unused. The search
   * begins where the holder's name points to, so that a machine is offered one address again and again though an
   * ADVERTISE holds nothing: a flood of SOLICITs takes no address from anybody.
   */
  findFree(holder: string, nowMs: number, taken: (address: string) => boolean): string | null {
    if (nowMs < this.#nothingFreeUntilMs) return null;
    const fresh = this.#usedOfPool < this.#size ? this.#findNeverUsed(holder, taken) : null;
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

  #findNeverUsed(holder: string, taken: (address: string) => boolean): string | null {
    const start = hashOf(holder) % this.#size;
    for (let step = 0; step < this.#size; step++) {
      const address = formatIpv6(this.#first + BigInt((start + step) % this.#size));
      if (!this.#byAddress.has(address) && !taken(address)) return address;
    }
    return null;
  }

  #forget(address: string): void {
    if (this.#byAddress.delete(address) && this.inPool(address)) this.#usedOfPool--;
  }
}

/** FNV-1a, 32 bits: spreads names, and is no secret. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}

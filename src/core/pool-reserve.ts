import type { LeaseTable } from './lease-table.ts';

/** What the reserve needs to know of the nodes. */
export interface ReserveNodes {
  /** How many nodes have no address reserved, and need one of a pool. */
  poolNodes(): number;
  nameByMac(mac: string): string | null;
}

const LOOK_EVERY_MS = 1000;
/** So many free addresses are looked for at once. */
const MAX_ROOM = 2000;
/** A small pool is not kept for nodes alone: discovery needs it too. */
const MAX_SHARE = 1 / 4;

/**
 * Keeps addresses of a pool for the known nodes that have none reserved and hold none yet, up to a quarter of it: so
 * that machines nobody knows, or forged ones, cannot take the last. Looks at the pool now and then, and counts between.
 */
export class PoolReserve {
  #room = 0;
  /** What was found were only the first of many. */
  #hasMore = false;
  /** Nothing is kept from anybody: that the pool is exhausted is for the DHCP answer to say. */
  #isEmpty = false;
  #validUntilMs = Number.NEGATIVE_INFINITY;

  /** Whether one more unknown machine may have an address of the pool; counts it. `taken`: never given out. */
  takeRoom(
    leases: LeaseTable,
    nodes: ReserveNodes,
    taken: (address: string) => boolean,
    nowMs: number,
  ): boolean {
    if (nowMs >= this.#validUntilMs || (this.#room <= 0 && this.#hasMore)) {
      this.#isEmpty = leases.upcoming(1, nowMs, taken).length === 0;
      this.#room = this.#isEmpty ? 0 : roomFor(leases, nodes, taken, nowMs);
      this.#hasMore = this.#room === MAX_ROOM;
      this.#validUntilMs = nowMs + LOOK_EVERY_MS;
    }
    if (this.#isEmpty) return true;
    if (this.#room <= 0) return false;
    this.#room--;
    return true;
  }
}

function roomFor(
  leases: LeaseTable,
  nodes: ReserveNodes,
  taken: (address: string) => boolean,
  nowMs: number,
): number {
  const poolNodes = nodes.poolNodes();
  const free = leases.upcoming(poolNodes + MAX_ROOM, nowMs, taken).length;
  if (free > poolNodes) return free - poolNodes;
  let served = 0;
  for (const { mac, address } of leases.all())
    if (leases.inPool(address) && nodes.nameByMac(mac) !== null) served++;
  return free - Math.min(Math.max(0, poolNodes - served), Math.floor(leases.poolSize * MAX_SHARE));
}

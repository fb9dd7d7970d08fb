import { type DhcpMessage, MESSAGE_TYPE } from '../wire/dhcp-message.ts';
import { isUnusable } from './dhcp-address.ts';
import type { Subnet } from './dhcp-subnet.ts';
import { PoolReserve, type ReserveNodes } from './pool-reserve.ts';
import { UnknownGate, type UnknownLimits } from './unknown-limits.ts';

const WANTS_ADDRESS: ReadonlySet<number | undefined> = new Set([MESSAGE_TYPE.discover, MESSAGE_TYPE.request]);

interface GuardNodes extends ReserveNodes {
  /** Whose an address is by reservation; null when it is nobody's. */
  reservedBy(address: string): object | null;
}

/** Decides whether a machine that nobody knows may have an address now. One for all networks of a seed. */
export class UnknownGuard {
  readonly #gate: UnknownGate;
  readonly #nodes: GuardNodes;
  readonly #reserves = new Map<string, PoolReserve>();

  constructor(limits: UnknownLimits, nodes: GuardNodes) {
    this.#gate = new UnknownGate(limits);
    this.#nodes = nodes;
  }

  /** Why an unknown machine is left unanswered; null when it is not. One that has a lease or an offer goes on. */
  refuse(request: DhcpMessage, { network, leases }: Subnet, nowMs: number): string | null {
    if (!WANTS_ADDRESS.has(request.options.dhcpMessageType)) return null;
    if (leases.byMac(request.chaddr) !== null) return null;
    const reserve = this.#reserves.get(network.name) ?? new PoolReserve();
    this.#reserves.set(network.name, reserve);
    const refusal = this.#gate.admit(request, nowMs);
    if (refusal !== null) return refusal;
    const reservedForOther = (address: string) => this.#nodes.reservedBy(address) !== null;
    const taken = (address: string) => isUnusable(address, { network, reservedForOther });
    if (reserve.takeRoom(leases, this.#nodes, taken, nowMs)) return null;
    return `what is left of the pool of ${network.name} is kept for known nodes`;
  }
}

import { inSubnet } from '../wire/ipv4.ts';
import type { BootNode } from './boot-node.ts';
import type { BootNetwork } from './dhcp-network.ts';
import { holds, type Lease } from './lease.ts';
import type { LeaseTable } from './lease-table.ts';

/** What choosing an address needs to know. */
export interface AddressContext {
  readonly network: BootNetwork;
  readonly leases: LeaseTable;
  readonly node: BootNode | null;
  /** Whether the address is reserved for a machine other than the one that asks. */
  readonly reservedForOther: (address: string) => boolean;
  readonly nowMs: number;
}

/** The address this machine shall have: its reservation, else its last one, else what it asks for, else a free one. */
export function chooseAddress(mac: string, asked: string | null, context: AddressContext): string | null {
  const own = context.leases.byMac(mac)?.address ?? null;
  for (const address of [context.node?.address ?? null, own, asked])
    if (address !== null && whyNot(address, mac, context) === null) return address;
  return context.leases.findFree(mac, context.nowMs, (address) => isUnusable(address, context));
}

/** Why the machine cannot have this address; null when it can. */
export function whyNot(address: string, mac: string, context: AddressContext): string | null {
  const { network, leases, node, nowMs } = context;
  if (!inSubnet(address, network.subnet, network.prefixLength)) return `${address} is not on ${network.name}`;
  if (isInfrastructure(address, network)) return `${address} is reserved`;
  const holder = leases.byAddress(address);
  if (holder && holds(holder, nowMs)) {
    if (holder.state === 'declined') return `${address} is quarantined: another host was seen using it`;
    if (holder.mac !== mac) return `${address} is held by ${holder.mac}`;
    // A running machine keeps its address; a new reservation waits. So does one that its UUID or its switch port
    // made known, when it renews without option 97 or past its relay.
    if (holder.state === 'bound') return null;
  }
  if (context.reservedForOther(address)) return `${address} is reserved`;
  if (node?.address === address) return null;
  if (reservationOf(mac, context) !== null) return `${node?.address} is reserved for node ${node?.name}`;
  return leases.inPool(address) ? null : `${address} is not in the pool of ${network.name}`;
}

/** The node's reservation, if it is on this network and free for this machine now. */
function reservationOf(mac: string, { network, leases, node, nowMs }: AddressContext): string | null {
  const address = node?.address ?? null;
  if (address === null || !inSubnet(address, network.subnet, network.prefixLength)) return null;
  const holder: Lease | null = leases.byAddress(address);
  return holder && holds(holder, nowMs) && (holder.mac !== mac || holder.state === 'declined')
    ? null
    : address;
}

const isInfrastructure = (address: string, network: BootNetwork): boolean =>
  address === network.address || address === network.gateway;

/** Whether an address is never to be given out from the pool, however free it looks. */
export const isUnusable = (
  address: string,
  { network, reservedForOther }: Pick<AddressContext, 'network' | 'reservedForOther'>,
): boolean => isInfrastructure(address, network) || reservedForOther(address);

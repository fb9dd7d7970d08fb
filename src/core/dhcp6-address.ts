import { formatIpv6, inPrefix, ipv6Number } from '../wire/ipv6.ts';
import type { BootNode } from './boot-node.ts';
import type { LeaseTable6 } from './dhcp6-lease-table.ts';
import type { BootNetwork6 } from './dhcp6-network.ts';
import { holds } from './lease.ts';

/** What choosing an IPv6 address needs to know. */
export interface AddressContext6 {
  readonly network: BootNetwork6;
  readonly leases: LeaseTable6;
  readonly node: BootNode | null;
  /** Whose lease it is: the MAC, else the DUID. */
  readonly holder: string;
  /** Whether the address is reserved for a machine other than the one that asks. */
  readonly reservedForOther: (address: string) => boolean;
  readonly nowMs: number;
}

/** The address this machine shall have: its reservation, else its last one, else one it asks for, else a free one. */
export function chooseAddress6(asked: readonly string[], context: AddressContext6): string | null {
  const { leases, holder, nowMs } = context;
  const own = leases.byHolder(holder)?.address;
  for (const address of [context.node?.address6, own, ...asked])
    if (address && whyNot6(address, context) === null) return address;
  return leases.findFree(holder, nowMs, (address) => isUnusable(address, context));
}

/** Why the machine cannot have this address; null when it can. */
export function whyNot6(address: string, context: AddressContext6): string | null {
  const { network, leases, node, holder, nowMs } = context;
  if (!inPrefix(address, network.address, network.prefixLength)) return `${address} is not on this network`;
  if (isUnusable(address, context)) return `${address} is reserved`;
  const lease = leases.byAddress(address);
  if (lease && holds(lease, nowMs)) {
    if (lease.state === 'declined') return `${address} is quarantined: another host was seen using it`;
    if (lease.mac !== holder) return `${address} is held by ${lease.mac}`;
    return null; // a running machine keeps its address; a new reservation waits
  }
  if (node?.address6 === address) return null;
  return leases.inPool(address) ? null : `${address} is not in the pool`;
}

function isUnusable(address: string, { network, reservedForOther }: AddressContext6): boolean {
  const hostBits = BigInt(128 - network.prefixLength);
  // The subnet-router anycast address is nobody's: RFC 4291 §2.6.1.
  const anycast = formatIpv6((ipv6Number(network.address) >> hostBits) << hostBits);
  return address === network.address || address === anycast || reservedForOther(address);
}

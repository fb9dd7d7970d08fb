import { bad, ok, type Result } from '../result.ts';
import { type DhcpMessage, MESSAGE_TYPE } from '../wire/dhcp-message.ts';
import type { RelayInformation } from '../wire/dhcp-relay-information.ts';
import { ANY_ADDRESS, inSubnet } from '../wire/ipv4.ts';
import { type AddressContext, chooseAddress } from './dhcp-address.ts';
import type { BootNetwork } from './dhcp-network.ts';
import type { LeaseTable } from './lease-table.ts';

/** A subnet and who has its addresses. */
export interface Subnet {
  readonly network: BootNetwork;
  readonly leases: LeaseTable;
}

const holdsAddress = ({ network }: Subnet, address: string): boolean =>
  inSubnet(address, network.subnet, network.prefixLength);

/**
 * The subnets of the wire that a request came from, among those served by way of the interface it came in by. A relay
 * names the wire by giaddr, or by link selection where that is an address of its own alone (RFC 3527). A machine
 * behind routers that renews by itself is known by its address; `to` is the address that it sent to, null for a
 * broadcast, which no router passes on.
 */
export function findSubnets<S extends Subnet>(
  request: DhcpMessage,
  relay: RelayInformation | null,
  to: string | null,
  served: readonly S[],
): Result<readonly S[]> {
  if (request.giaddr !== ANY_ADDRESS) {
    const link = relay?.linkSelection ?? request.giaddr;
    const home = served.find((subnet) => holdsAddress(subnet, link));
    if (!home) return bad(`relayed by ${request.giaddr}, and no network served here has ${link}`);
    return ok(served.filter(({ network }) => network.wire === home.network.wire));
  }
  const onWire = served.filter(({ network }) => network.mode !== 'relayed');
  if (to !== null && request.ciaddr !== ANY_ADDRESS && !onWire.some((s) => holdsAddress(s, request.ciaddr))) {
    const home = served.find((subnet) => holdsAddress(subnet, request.ciaddr));
    if (home) return ok([home]);
  }
  return onWire.length > 0 ? ok(onWire) : bad('only relayed networks are served here');
}

/**
 * The one subnet of a wire that answers. A machine that has or asks for an address is answered by that address's
 * subnet; a new one by that of its reservation, then of its last address, then by the first whose pool has room.
 */
export function chooseSubnet<S extends Subnet>(
  request: DhcpMessage,
  subnets: readonly S[],
  context: Omit<AddressContext, keyof Subnet>,
): S {
  const [first] = subnets;
  if (first === undefined) throw new Error('a request of no wire');
  if (subnets.length === 1) return first;
  const at = (address: string | null | undefined) =>
    address ? subnets.find((subnet) => holdsAddress(subnet, address)) : undefined;
  if (request.ciaddr !== ANY_ADDRESS) return at(request.ciaddr) ?? first;
  const asked = request.options.dhcpRequestedAddress;
  if (request.options.dhcpMessageType !== MESSAGE_TYPE.discover) return at(asked) ?? first;
  const known = subnets.filter(({ leases }) => leases.byMac(request.chaddr) !== null);
  const inOrder = [at(context.node?.address), ...known, at(asked), ...subnets].filter((s) => s !== undefined);
  const hasRoom = ({ network, leases }: S) =>
    chooseAddress(request.chaddr, asked ?? null, { ...context, network, leases }) !== null;
  return inOrder.find(hasRoom) ?? first;
}

import { concatBytes, uint16, uint32 } from './dhcp-codec.ts';
import { ipv6Bytes } from './ipv6.ts';

/** ICMPv6 types. RFC 4861 §4.1, §4.2. */
export const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;

const HOP_LIMIT = 64;
/** M: addresses by DHCPv6. O: everything else by DHCPv6. RFC 4861 §4.2. */
const MANAGED_AND_OTHER = 0xc0;
const PREFIX_INFORMATION = 3;
/** L: these addresses are on this link. Without A: nobody makes one up, DHCPv6 gives them. RFC 4861 §4.6.2. */
const ON_LINK = 0x80;
const MTU = 5;

/** Whether an ICMPv6 payload is a router solicitation that is long enough to be one. */
export const isRouterSolicitation = (bytes: Uint8Array): boolean =>
  bytes.length >= 8 && bytes[0] === ROUTER_SOLICITATION && bytes[1] === 0;

/** How machines get their IPv6 addresses on a link. */
export interface LinkAdvertisement {
  /** Any address of the network. */
  readonly address: string;
  readonly prefixLength: number;
  /** How long the link's prefix holds if this is not heard again, in seconds. */
  readonly validSeconds: number;
  readonly mtu: number | null;
}

/**
 * An advertisement that says "no router, no addresses here": flags 0, lifetime 0, no prefix. iPXE waits about 13 s
 * for any answer to its solicitation before it goes on with IPv4 (capture i4_bios_base); this one ends the wait and
 * configures nothing. The kernel fills in the checksum.
 */
export const emptyRouterAdvertisement = (): Uint8Array => header(0);

/**
 * An advertisement that says "ask DHCPv6": no router either (lifetime 0), but which addresses are on this link. DHCPv6
 * itself cannot say that (RFC 5942 §4), and firmware with an address alone reaches nobody.
 */
export const managedRouterAdvertisement = (link: LinkAdvertisement): Uint8Array =>
  concatBytes([
    header(MANAGED_AND_OTHER),
    Uint8Array.of(PREFIX_INFORMATION, 4, link.prefixLength, ON_LINK),
    uint32.encode(link.validSeconds),
    uint32.encode(link.validSeconds),
    new Uint8Array(4),
    prefixBytes(link.address, link.prefixLength),
    ...(link.mtu === null ? [] : [Uint8Array.of(MTU, 1, 0, 0), uint32.encode(link.mtu)]),
  ]);

const header = (flags: number): Uint8Array =>
  concatBytes([
    Uint8Array.of(ROUTER_ADVERTISEMENT, 0),
    uint16.encode(0), // checksum
    Uint8Array.of(HOP_LIMIT, flags),
    new Uint8Array(10), // router lifetime, reachable time, retransmission time
  ]);

function prefixBytes(address: string, prefixLength: number): Uint8Array {
  const keep = (at: number) => Math.min(8, Math.max(0, prefixLength - at * 8));
  return ipv6Bytes(address).map((byte, at) => byte & (0xff00 >> keep(at)) & 255);
}

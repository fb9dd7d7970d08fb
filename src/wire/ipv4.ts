/** IPv4 addresses as dotted text, the form that logs, sites and traces share. */
export const ANY_ADDRESS = '0.0.0.0';
export const BROADCAST_ADDRESS = '255.255.255.255';

/** Dotted text as an unsigned 32-bit number, or null when it is no IPv4 address. */
export function parseIpv4(text: string): number | null {
  let value = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0) return null;
      value = value * 256 + octet;
      octet = 0;
      digits = 0;
      dots++;
    } else {
      if (code < ZERO || code > ZERO + 9 || ++digits > 3) return null;
      octet = octet * 10 + code - ZERO;
      if (octet > 255) return null;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + octet : null;
}

const DOT = 0x2e;
const ZERO = 0x30;

/** The number of an address that is known to be one: a site's or a packet's. Throws on anything else, a bug. */
export function ipv4Number(address: string): number {
  const value = parseIpv4(address);
  if (value === null) throw new TypeError(`"${address}" is no IPv4 address`);
  return value;
}

export const formatIpv4 = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;

/** Four bytes at `offset` as dotted text. */
export const readIpv4 = (bytes: Uint8Array, offset = 0): string =>
  `${OCTETS[bytes[offset] ?? 0]}.${OCTETS[bytes[offset + 1] ?? 0]}.${OCTETS[bytes[offset + 2] ?? 0]}.${OCTETS[bytes[offset + 3] ?? 0]}`;

const OCTETS = Array.from({ length: 256 }, (_, octet) => `${octet}`);

/** The four bytes of dotted text. */
export function ipv4Bytes(address: string): Uint8Array {
  const value = ipv4Number(address);
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** The mask of a prefix length: 24 → 255.255.255.0. */
export const netmask = (prefixLength: number): string =>
  formatIpv4(prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0);

/** The directed broadcast address of the subnet that `address/prefixLength` lies in. */
export function broadcastOf(address: string, prefixLength: number): string {
  const mask = ipv4Number(netmask(prefixLength));
  return formatIpv4(((ipv4Number(address) & mask) | ~mask) >>> 0);
}

/** Whether `address` lies in the subnet of `base/prefixLength`. */
export function inSubnet(address: string, base: string, prefixLength: number): boolean {
  const mask = ipv4Number(netmask(prefixLength));
  return (ipv4Number(address) & mask) === (ipv4Number(base) & mask);
}

/** IPv4 addresses as dotted text, the form that logs, sites and traces share. */
export const ANY_ADDRESS = '0.0.0.0';
export const BROADCAST_ADDRESS = '255.255.255.255';

const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Dotted text as an unsigned 32-bit number, or null when it is no IPv4 address. */
export function parseIpv4(text: string): number | null {
  const parts = DOTTED.exec(text);
  if (!parts) return null;
  let value = 0;
  for (const part of parts.slice(1)) {
    const octet = Number(part);
    if (octet > 255) return null;
    value = value * 256 + octet;
  }
  return value;
}

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
  `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;

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

import { parseIpv4 } from './ipv4.ts';

/** IPv6 addresses as text, spelled as RFC 5952 §4 wants it: the form that logs, sites and traces share. */
export const ANY_ADDRESS6 = '::';

const GROUPS = 8;

/** Text → its 16 bytes, or null when it is no IPv6 address. A zone (`%eth0`) is no part of an address. */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = [groupsOf(halves[0] ?? ''), halves.length === 2 ? groupsOf(halves[1] ?? '') : []];
  if (head === null || tail === null) return null;
  const missing = GROUPS - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array<number>(Math.max(missing, 0)).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** Colon-separated groups, of which the last may be a dotted quad (RFC 4291 §2.2). */
function groupsOf(text: string): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts.at(-1) ?? '';
  const dotted = last.includes('.') ? parseIpv4(last) : null;
  if (dotted !== null) parts.splice(-1, 1, (dotted >>> 16).toString(16), (dotted & 0xffff).toString(16));
  if (parts.some((part) => !/^[0-9a-f]{1,4}$/i.test(part))) return null;
  return parts.map((part) => Number.parseInt(part, 16));
}

/** The bytes of an address that is known to be one: a site's or a packet's. Throws on anything else, a bug. */
export function ipv6Bytes(address: string): Uint8Array {
  const bytes = parseIpv6(address);
  if (bytes === null) throw new TypeError(`"${address}" is no IPv6 address`);
  return bytes;
}

/** Sixteen bytes at `offset` as text: lower case, no leading zeros, the first longest run of zeros as `::`. */
export function readIpv6(bytes: Uint8Array, offset = 0): string {
  const groups = Array.from({ length: GROUPS }, (_, at) => {
    const high = bytes[offset + at * 2] ?? 0;
    return (high << 8) | (bytes[offset + at * 2 + 1] ?? 0);
  });
  const run = longestZeroRun(groups);
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return text(groups);
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, at) => {
    if (group !== 0) start = at + 1;
    else if (at - start + 1 > best.length) best = { start, length: at - start + 1 };
  });
  return best;
}

export const ipv6Number = (address: string): bigint =>
  ipv6Bytes(address).reduce((value, byte) => value * 256n + BigInt(byte), 0n);

export function formatIpv6(value: bigint): string {
  const bytes = new Uint8Array(16);
  for (let at = 15, rest = value; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 255n);
  return readIpv6(bytes);
}

/** Whether `address` lies in the network of `base/prefixLength`. */
export function inPrefix(address: string, base: string, prefixLength: number): boolean {
  const hostBits = BigInt(128 - prefixLength);
  return ipv6Number(address) >> hostBits === ipv6Number(base) >> hostBits;
}

/** Whether it is of fe80::/10, and so means something on one link only. RFC 4291 §2.5.6. */
export const isLinkLocal = (address: string): boolean => inPrefix(address, 'fe80::', 10);

/**
 * The hardware address within an address whose interface identifier was made of it, in colon form; null when it was
 * not. UEFI and iPXE make their link-local addresses so (RFC 4291 appendix A), current operating systems do not.
 */
export function macOfEui64(address: string): string | null {
  const bytes = ipv6Bytes(address);
  if (bytes[11] !== 0xff || bytes[12] !== 0xfe) return null;
  const [first = 0, ...rest] = [...bytes.subarray(8, 11), ...bytes.subarray(13)];
  return [first ^ 2, ...rest].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

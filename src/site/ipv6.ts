import { formatIpv6, inPrefix, ipv6Number, parseIpv6, readIpv6 } from '../wire/ipv6.ts';

/** The DHCPv6 server keeps all addresses of a pool within a search's reach. */
export const MAX_POOL6 = 65_536;

/** Any spelling → RFC 5952's; null when it is no IPv6 address, or has a zone. */
export function normalIpv6(text: string): string | null {
  const bytes = parseIpv6(text);
  return bytes === null ? null : readIpv6(bytes);
}

/** "fd77::/64" → the same in RFC 5952's spelling; null when it is none, or host bits are set. */
export function normalCidr6(text: string): string | null {
  const [address = '', length = '', ...rest] = text.split('/');
  const network = normalIpv6(address);
  if (network === null || rest.length > 0 || !/^\d{1,3}$/.test(length)) return null;
  const prefix = Number(length);
  if (prefix < 1 || prefix > 128) return null;
  const hostBits = BigInt(128 - prefix);
  return formatIpv6((ipv6Number(network) >> hostBits) << hostBits) === network
    ? `${network}/${prefix}`
    : null;
}

/** "a-b" → both ends, in order; null when it is none, or wider than a pool may be. */
export function normalRange6(text: string): { start: string; end: string } | null {
  const [start = null, end = null, ...rest] = text.split('-').map((part) => normalIpv6(part.trim()));
  if (start === null || end === null || rest.length > 0) return null;
  const size = ipv6Number(end) - ipv6Number(start) + 1n;
  return size >= 1n && size <= BigInt(MAX_POOL6) ? { start, end } : null;
}

/** The prefix length of a network that `normalCidr6` has read. */
export const prefixOf6 = (cidr: string): number => Number(cidr.split('/')[1]);

/** Whether a network that `normalCidr6` has read holds the address. */
export const cidr6Contains = (cidr: string, address: string): boolean =>
  inPrefix(address, cidr.split('/')[0] ?? '', prefixOf6(cidr));

export const range6Contains = ({ start, end }: { start: string; end: string }, address: string): boolean =>
  ipv6Number(address) >= ipv6Number(start) && ipv6Number(address) <= ipv6Number(end);

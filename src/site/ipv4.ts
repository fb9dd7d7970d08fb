/** An IPv4 network: the address with no host bits, and the prefix length. */
export interface Cidr {
  readonly network: number;
  readonly prefix: number;
}

/** Dotted quad → unsigned 32-bit number; null when it is none. Leading zeros are refused: some read them as octal. */
export function parseIpv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const octets = match.slice(1);
  if (octets.some((octet) => Number(octet) > 255 || (octet.length > 1 && octet.startsWith('0')))) return null;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** Unsigned 32-bit number → dotted quad. */
export const printIpv4 = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');

/** "10.77.0.0/24" → its parts; null when it is none. Host bits are kept out: "10.77.0.1/24" is null too. */
export function parseCidr(text: string): Cidr | null {
  const [address = '', length = '', ...rest] = text.split('/');
  const network = parseIpv4(address);
  if (network === null || rest.length > 0 || !/^\d{1,2}$/.test(length)) return null;
  const prefix = Number(length);
  if (prefix < 1 || prefix > 32 || network % cidrSize({ network, prefix }) !== 0) return null;
  return { network, prefix };
}

export const printCidr = (cidr: Cidr): string => `${printIpv4(cidr.network)}/${cidr.prefix}`;

/** How many addresses the network has, with those of the network itself and of broadcast. */
export const cidrSize = (cidr: Cidr): number => 2 ** (32 - cidr.prefix);

export const cidrContains = (cidr: Cidr, address: number): boolean =>
  address >= cidr.network && address < cidr.network + cidrSize(cidr);

export const cidrsOverlap = (a: Cidr, b: Cidr): boolean =>
  cidrContains(a, b.network) || cidrContains(b, a.network);

/** An address that a host may have: in the network and neither the network's own nor its broadcast address. */
export function isHostAddress(cidr: Cidr, address: number): boolean {
  if (!cidrContains(cidr, address)) return false;
  if (cidr.prefix >= 31) return true; // RFC 3021: both addresses of a /31 are hosts
  return address !== cidr.network && address !== cidr.network + cidrSize(cidr) - 1;
}

/** Addresses from the first to the last, both included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What is left of a range without the others, in order. */
export const rangeWithout = (range: Range, taken: readonly Range[]): Range[] =>
  taken.reduce<Range[]>(
    (left, { start, end }) =>
      left.flatMap((part) => {
        if (end < part.start || start > part.end) return [part];
        const before = start > part.start ? [{ start: part.start, end: start - 1 }] : [];
        return end < part.end ? [...before, { start: end + 1, end: part.end }] : before;
      }),
    [range],
  );

import { type Dhcp6Options, OPTIONS6 } from '../wire/dhcp6-options.ts';

/** The IPv6 side of one directly attached network. */
export interface BootNetwork6 {
  /** The seed's own address on it. */
  readonly address: string;
  readonly prefixLength: number;
  readonly dns: readonly string[];
  readonly domain: string | null;
  readonly poolStart: string;
  readonly poolEnd: string;
  readonly leaseSeconds: number;
  /** off: HTTP and TFTP are served, addresses and advertisements are somebody else's. */
  readonly mode: 'authoritative' | 'off';
}

/** The name under which a network's IPv6 leases are kept, apart from its IPv4 ones. No network is called so. */
export const leaseNetwork6 = (network: string): string => `${network}/ipv6`;

/** An address as a URL wants it. RFC 3986 §3.2.2. */
export const urlHost6 = (address: string): string => `[${address}]`;

/** What a machine on the network is told of what it asked for, by codes; of everything when it named nothing. RFC 3646. */
export function networkOptions6(
  { dns, domain }: BootNetwork6,
  asked: readonly number[] | undefined,
): Dhcp6Options {
  const wants = (name: 'dnsServers' | 'domainSearch') => asked?.includes(OPTIONS6[name].code) ?? true;
  return {
    ...(dns.length > 0 && wants('dnsServers') ? { dnsServers: dns } : {}),
    ...(domain && wants('domainSearch') ? { domainSearch: [domain] } : {}),
  };
}

/** How long an address lasts, and when to renew and rebind: RFC 8415 §21.4 recommends half and four fifths. */
export const lifetimes6 = ({ leaseSeconds }: BootNetwork6) => ({
  preferredSeconds: leaseSeconds,
  validSeconds: leaseSeconds,
  t1Seconds: Math.floor(leaseSeconds / 2),
  t2Seconds: Math.floor((leaseSeconds * 4) / 5),
});

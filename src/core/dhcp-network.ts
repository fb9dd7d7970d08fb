import type { StaticRoute } from '../wire/dhcp-option-routes.ts';
import { type DhcpOptions, OPTIONS } from '../wire/dhcp-options.ts';
import { nameOptions } from '../wire/dhcp-options-coding.ts';
import { broadcastOf, netmask } from '../wire/ipv4.ts';
import type { AddressRange } from './address-pool.ts';
import type { BootQuirk } from './boot-node.ts';
import type { BootNetwork6 } from './dhcp6-network.ts';

/**
 * One IPv4 subnet whose machines boot from this seed, as seen by way of one of the seed's interfaces. A relayed subnet
 * that can be reached by two interfaces stands here twice, with one name and one set of leases.
 */
export interface BootNetwork {
  readonly name: string;
  /** The seed's interface and address that its machines, or their relays, reach. */
  readonly interface: string;
  readonly address: string;
  /** The first address of the subnet. */
  readonly subnet: string;
  readonly prefixLength: number;
  /** Subnets of one wire ("shared network") have the same; requests do not tell them apart. */
  readonly wire: string;
  readonly gateway: string | null;
  readonly dns: readonly string[];
  readonly domain: string | null;
  readonly ntp: readonly string[];
  readonly mtu: number | null;
  /** Where machines without a reservation get their address; exclusions are taken out already. May be empty. */
  readonly pools: readonly AddressRange[];
  readonly leaseSeconds: number;
  /**
   * authoritative: on the seed's wire, and the seed is its only DHCP server. relayed: behind routers, and the same.
   * proxy: another server gives out addresses, the seed says what to boot. off: HTTP and TFTP are served, DHCP is
   * somebody else's.
   */
  readonly mode: 'authoritative' | 'relayed' | 'proxy' | 'off';
  /** Answers nothing by DHCP, and tells what it would have answered. */
  readonly observe: boolean;
  /** Of the firmware of the machines there, besides those of each node. */
  readonly quirks: readonly BootQuirk[];
  /** DHCP servers that belong there beside this seed: other seeds, or the one that a proxy stands beside. */
  readonly otherServers: readonly string[];
  /** Told besides the subnet's own values, and in their place. */
  readonly extra: ExtraOptions;
  /** Its IPv6 side; absent: the network is served by IPv4 alone. */
  readonly ipv6?: BootNetwork6;
}

/** What a site adds: to everybody, or to those whose parameter request list (option 55) has the code. */
export interface ExtraOptions {
  readonly domainSearch: readonly string[];
  /** Without the default route, which option 121 repeats: RFC 3442 has its readers ignore option 3. */
  readonly routes: readonly StaticRoute[];
  readonly free: readonly FreeOption[];
}

/** An option that the site spells out. */
export interface FreeOption {
  readonly code: number;
  readonly value: readonly number[];
  /** Whether it goes to those too that did not ask. */
  readonly always: boolean;
}

/** Told to whoever asks for it by option 55, and to those who do not say what they want. */
const isAsked = (code: number, asked: readonly number[] | undefined): boolean =>
  asked === undefined || asked.includes(code);

/** What every machine on the network is told, and what it asked for besides. Absent options are left out. */
export const networkOptions = (network: BootNetwork, asked?: readonly number[]): DhcpOptions => ({
  subnetMask: netmask(network.prefixLength),
  broadcastAddress: broadcastOf(network.subnet, network.prefixLength),
  ...(network.gateway ? { routers: [network.gateway] } : {}),
  ...(network.dns.length > 0 ? { domainNameServers: network.dns } : {}),
  ...(network.domain ? { domainName: network.domain } : {}),
  ...(network.ntp.length > 0 ? { ntpServers: network.ntp } : {}),
  ...(network.mtu ? { interfaceMtu: network.mtu } : {}),
  ...extraOptions(network, asked),
});

function extraOptions({ extra, gateway }: BootNetwork, asked: readonly number[] | undefined): DhcpOptions {
  const { domainSearch, routes, free } = extra;
  const defaultRoute = gateway ? [{ destination: '0.0.0.0', prefixLength: 0, router: gateway }] : [];
  const sent = free.filter(({ code, always }) => always || isAsked(code, asked));
  return {
    ...(domainSearch.length > 0 && isAsked(OPTIONS.domainSearch.code, asked) ? { domainSearch } : {}),
    ...(routes.length > 0 && isAsked(OPTIONS.classlessStaticRoutes.code, asked)
      ? { classlessStaticRoutes: [...routes, ...defaultRoute] }
      : {}),
    // By name where there is one, so that a site's own value takes the place of ours and never stands beside it.
    ...(sent.length > 0
      ? nameOptions(new Map(sent.map(({ code, value }) => [code, Uint8Array.from(value)])))
      : {}),
  };
}

/** RFC 2131 §4.4.5: renew at half the lease, rebind at seven eighths. */
export const leaseTimeOptions = (network: BootNetwork): DhcpOptions => ({
  dhcpLeaseTime: network.leaseSeconds,
  dhcpRenewalTime: Math.floor(network.leaseSeconds / 2),
  dhcpRebindingTime: Math.floor((network.leaseSeconds * 7) / 8),
});

import type { BootNetwork, FreeOption } from '../core/dhcp-network.ts';
import type { BootNetwork6 } from '../core/dhcp6-network.ts';
import type { SiteDhcpOption } from '../site/dhcp.ts';
import { parseCidr, printIpv4 } from '../site/ipv4.ts';
import { prefixOf6 } from '../site/ipv6.ts';
import type { SiteNetwork6 } from '../site/network6.ts';
import { poolsOf } from '../site/pools.ts';
import type { Site } from '../site/site.ts';
import { type ProvisioningNetwork, provisioningNetworks, relayedNetworks } from '../site/views.ts';
import { ipv4Bytes } from '../wire/ipv4.ts';

/** The site's provisioning networks as the boot servers take them: those that the seed is in, then relayed ones. */
export const bootNetworks = (site: Site): BootNetwork[] =>
  [...provisioningNetworks(site), ...relayedNetworks(site)].map(bootNetwork);

function bootNetwork(network: ProvisioningNetwork): BootNetwork {
  const { name, address, prefix, gateway, dns, domain, ntp, mtu, dhcp } = network;
  return {
    name,
    interface: network.interface,
    address,
    subnet: printIpv4(parseCidr(network.cidr)?.network ?? 0),
    prefixLength: prefix,
    wire: dhcp.mode === 'relayed' ? `relayed ${dhcp.wire ?? name}` : network.interface,
    gateway,
    dns,
    domain,
    ntp,
    mtu,
    pools: poolsOf(network).map(({ start, end }) => ({ start: printIpv4(start), end: printIpv4(end) })),
    leaseSeconds: 'leaseSeconds' in dhcp ? dhcp.leaseSeconds : 3600,
    mode: dhcp.mode,
    observe: 'observe' in dhcp && dhcp.observe,
    quirks: 'quirks' in dhcp ? dhcp.quirks : [],
    otherServers: 'otherServers' in dhcp ? dhcp.otherServers : [],
    extra: {
      domainSearch: network.domainSearch,
      routes: network.routes.map(({ to, via }) => {
        const cidr = parseCidr(to);
        return { destination: printIpv4(cidr?.network ?? 0), prefixLength: cidr?.prefix ?? 32, router: via };
      }),
      free: 'options' in dhcp ? dhcp.options.map(freeOption) : [],
    },
    ...(network.ipv6 ? { ipv6: bootNetwork6(network.ipv6, domain) } : {}),
  };
}

function bootNetwork6({ cidr, address, dns, dhcp }: SiteNetwork6, domain: string | null): BootNetwork6 {
  const pool = dhcp.mode === 'off' ? { start: address, end: address } : dhcp.pool;
  return {
    address,
    prefixLength: prefixOf6(cidr),
    dns,
    domain,
    poolStart: pool.start,
    poolEnd: pool.end,
    leaseSeconds: dhcp.mode === 'off' ? 3600 : dhcp.leaseSeconds,
    mode: dhcp.mode,
  };
}

const freeOption = (option: SiteDhcpOption): FreeOption => ({
  code: option.code,
  value: optionBytes(option),
  always: option.always,
});

function optionBytes({ text, hex, ipv4, number, bytes }: SiteDhcpOption): number[] {
  if (text !== null) return [...Buffer.from(text, 'ascii')];
  if (hex !== null) return [...Buffer.from(hex.replaceAll(/[^0-9a-f]/gi, ''), 'hex')];
  if (ipv4 !== null) return ipv4.flatMap((address) => [...ipv4Bytes(address)]);
  return Array.from(
    { length: bytes },
    (_, index) => Math.floor((number ?? 0) / 256 ** (bytes - 1 - index)) % 256,
  );
}

import type { DhcpOptions } from '../wire/dhcp-options.ts';
import { broadcastOf, netmask } from '../wire/ipv4.ts';

/** One directly attached network that this seed serves alone. */
export interface BootNetwork {
  readonly name: string;
  /** The seed's interface on it, and the seed's address there. */
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string | null;
  readonly dns: readonly string[];
  readonly domain: string | null;
  readonly ntp: readonly string[];
  readonly mtu: number | null;
  readonly poolStart: string;
  readonly poolEnd: string;
  readonly leaseSeconds: number;
  /** off: HTTP and TFTP are served, DHCP is somebody else's. */
  readonly mode: 'authoritative' | 'off';
}

/** What every machine on the network is told, whatever it asked for. Absent options are left out. */
export const networkOptions = (network: BootNetwork): DhcpOptions => ({
  subnetMask: netmask(network.prefixLength),
  broadcastAddress: broadcastOf(network.address, network.prefixLength),
  ...(network.gateway ? { routers: [network.gateway] } : {}),
  ...(network.dns.length > 0 ? { domainNameServers: network.dns } : {}),
  ...(network.domain ? { domainName: network.domain } : {}),
  ...(network.ntp.length > 0 ? { ntpServers: network.ntp } : {}),
  ...(network.mtu ? { interfaceMtu: network.mtu } : {}),
});

/** RFC 2131 §4.4.5: renew at half the lease, rebind at seven eighths. */
export const leaseTimeOptions = (network: BootNetwork): DhcpOptions => ({
  dhcpLeaseTime: network.leaseSeconds,
  dhcpRenewalTime: Math.floor(network.leaseSeconds / 2),
  dhcpRebindingTime: Math.floor((network.leaseSeconds * 7) / 8),
});

import type { BootNetwork } from '../core/dhcp-network.ts';
import { LeaseTable6 } from '../core/dhcp6-lease-table.ts';
import { type BootNetwork6, leaseNetwork6 } from '../core/dhcp6-network.ts';
import type { Lease } from '../core/lease.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import { ADVERTISE_SECONDS, advertise } from '../net/router-advertiser.ts';
import { emptyRouterAdvertisement, managedRouterAdvertisement } from '../wire/router-advertisement.ts';
import type { BootSegment } from './boot-segment.ts';
import type { Closable } from './network-boot.ts';
import { serveDhcp6 } from './serve-dhcp6.ts';
import { serveHttp } from './serve-http.ts';

/** A network's IPv6 leases, out of all that are on record. */
export const leaseTable6 = (network: string, ipv6: BootNetwork6, known: Iterable<Lease>): LeaseTable6 =>
  new LeaseTable6(leaseNetwork6(network), ipv6, known);

/**
 * Serves a network by IPv6: HTTP and, where addresses are ours to give, DHCPv6; TFTP speaks it anyway. Firmware and
 * iPXE come by it; a script's own URLs name the IPv4 address, as Ironic does, which iPXE has configured by then.
 */
export async function serveIpv6(segment: BootSegment, opened: Closable[]): Promise<void> {
  const { network, leases6 } = segment;
  const { ipv6 } = network;
  if (!ipv6 || !leases6) return;
  opened.push(await untilUsable(() => serveHttp(segment, ipv6.address), segment));
  if (ipv6.mode === 'authoritative') opened.push(await serveDhcp6(segment, ipv6, leases6));
}

/** Duplicate address detection takes about a second after an address was set. RFC 4862 §5.4. */
const DETECTION_LIMIT_MS = 5_000;
const DETECTION_POLL_MS = 250;

/** Starts a server as soon as its address may be used: at the seed's own start the address may be young. */
async function untilUsable(start: () => Promise<Closable>, { deps }: BootSegment): Promise<Closable> {
  const deadlineMs = deps.clock.nowMs() + DETECTION_LIMIT_MS;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      const isYoung = error instanceof BlackstartError && error.code === 'E_NO_ADDRESS';
      if (!isYoung || deps.clock.nowMs() >= deadlineMs) throw error;
    }
    await deps.clock.sleep(DETECTION_POLL_MS);
  }
}

/** How long a prefix holds if it is not heard again: RFC 4861 §6.2.1 asks for three times the interval at least. */
const PREFIX_SECONDS = ADVERTISE_SECONDS * 9;

/**
 * Answers router solicitations on every wire whose machines the seed answers: with "ask DHCPv6" where it gives IPv6
 * addresses, else with "there is nothing here". Only iPXE's IPv6 wait comes back without it, some 15 s a boot, so
 * failing is no reason not to serve.
 */
export function serveAdvertisements(segments: readonly BootSegment[], opened: Closable[]): void {
  const givesIpv6 = ({ network }: BootSegment) => network.ipv6?.mode === 'authoritative';
  const answersIpv4 = ({ network: { mode, observe } }: BootSegment) =>
    (mode === 'authoritative' || mode === 'proxy') && !observe;
  const speakers = new Map(
    [...segments.filter(answersIpv4), ...segments.filter(givesIpv6)].map((one) => [
      one.network.interface,
      one,
    ]),
  );
  for (const [device, { network, deps }] of speakers) {
    try {
      const advertiser = advertise(device, advertisementFor(network));
      opened.push({ close: async () => advertiser.close() });
    } catch (error) {
      deps.log.warn({ interface: device, reason: reasonOf(error) }, 'no router advertisements');
    }
  }
}

const advertisementFor = ({ ipv6, mtu }: BootNetwork): Uint8Array =>
  ipv6?.mode === 'authoritative'
    ? managedRouterAdvertisement({ ...ipv6, validSeconds: PREFIX_SECONDS, mtu })
    : emptyRouterAdvertisement();

import type { BootNetwork } from '../core/dhcp-network.ts';
import type { Lease } from '../core/lease.ts';
import { LeaseTable } from '../core/lease-table.ts';
import { UnknownGuard } from '../core/unknown-guard.ts';
import { reasonOf } from '../errors.ts';
import { makeRoomForNeighbours } from '../net/neighbour-limit.ts';
import type { BootSegment } from './boot-segment.ts';
import { HeardMachines } from './heard-machines.ts';
import type { Closable, NetworkBootDeps } from './network-boot.ts';
import { probeAddresses } from './probe-addresses.ts';
import { type DhcpLink, serveDhcp } from './serve-dhcp.ts';
import { serveHttp, serveSecrets } from './serve-http.ts';
import { leaseTable6, serveAdvertisements, serveIpv6 } from './serve-ipv6.ts';
import { serveTftp } from './serve-tftp.ts';
import { watchDhcpServers } from './watch-dhcp-servers.ts';

/**
 * Serves network boot on every network given: HTTP and TFTP, and where the network is ours DHCP and router
 * advertisements. Listens on the networks' own interfaces and addresses only. All or nothing: a port that is taken
 * closes what was opened. Ends when `signal` aborts or `close` is called; the lease store stays open.
 */
export async function serveNetworkBoot(deps: NetworkBootDeps, signal: AbortSignal): Promise<Closable> {
  signal.throwIfAborted();
  const known = await deps.leases.load();
  const opened: Closable[] = [];
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= closeAll(opened);
    return closing;
  };
  try {
    makeRoom(deps);
    const segments = segmentsOf(deps, known);
    for (const segment of segments) await serveFiles(segment, opened);
    for (const link of dhcpLinks(segments, deps)) await serveAddresses(link, deps, opened);
    serveAdvertisements(segments, opened);
  } catch (error) {
    await close();
    throw error;
  }
  signal.addEventListener('abort', () => void close(), { once: true });
  return { close };
}

/** For every machine that may come; those behind a relay are no neighbours. Without it a hall of 1,000 does not boot. */
function makeRoom({ networks, log }: NetworkBootDeps): void {
  const near = networks.filter(({ mode }) => mode !== 'relayed');
  const addresses = near.reduce((sum, { prefixLength }) => sum + 2 ** (32 - prefixLength), 0);
  try {
    for (const limit of makeRoomForNeighbours(addresses)) log.info(limit, 'raised a limit of the kernel');
  } catch (error) {
    log.warn({ addresses, reason: reasonOf(error) }, 'no room for all machines in the neighbour table');
  }
}

/** Every network with its leases; one that can be reached by two interfaces has one set of leases. */
function segmentsOf(deps: NetworkBootDeps, known: readonly Lease[]): readonly BootSegment[] {
  const tables = new Map<string, LeaseTable>();
  const all: BootSegment[] = [];
  const heard = new HeardMachines();
  for (const network of deps.networks) {
    const leases = tables.get(network.name) ?? openTable(network, known, deps);
    tables.set(network.name, leases);
    const httpUrl = `http://${network.address}:${deps.httpPort}`;
    const leases6 = network.ipv6 && { leases6: leaseTable6(network.name, network.ipv6, known) };
    all.push({ network, leases, httpUrl, deps, all, heard, ...leases6 });
  }
  deps.leases.watch?.((changed) => {
    for (const lease of changed) {
      const home = all.find(({ leases6 }) => leases6?.network === lease.network)?.leases6;
      (tables.get(lease.network) ?? home)?.put(lease);
    }
  });
  return all;
}

function openTable(network: BootNetwork, known: readonly Lease[], deps: NetworkBootDeps): LeaseTable {
  const leases = new LeaseTable(network, known, { shared: deps.leases.watch !== undefined });
  deps.metrics?.watch({
    network: network.name,
    poolSize: () => leases.poolSize,
    inPool: (address) => leases.inPool(address),
    all: () => leases.all(),
  });
  return leases;
}

/** HTTP and TFTP on the seed's address; machines behind relays come to the address that their relay reaches. */
async function serveFiles(segment: BootSegment, opened: Closable[]): Promise<void> {
  const { network, deps } = segment;
  if (network.mode === 'relayed') return;
  opened.push(await serveHttp(segment));
  if (deps.secure) opened.push(await serveSecrets(segment, deps.secure));
  opened.push(await serveTftp(segment));
  await serveIpv6(segment, opened);
  deps.log.info(
    { network: network.name, address: network.address, interface: network.interface },
    'serving boot',
  );
}

/** Interfaces with DHCP to serve, each with all the networks that are reached by it. */
function dhcpLinks(segments: readonly BootSegment[], deps: NetworkBootDeps): DhcpLink[] {
  const served = segments.filter(({ network }) => network.mode !== 'off');
  const guard = new UnknownGuard(deps.policy.unknownLimits, deps.directory);
  const interfaces = new Set(served.map(({ network }) => network.interface));
  return [...interfaces].map((name) => ({
    interface: name,
    segments: served.filter(({ network }) => network.interface === name),
    guard,
    ownAddresses: new Set(segments.map(({ network }) => network.address)),
  }));
}

async function serveAddresses(link: DhcpLink, deps: NetworkBootDeps, opened: Closable[]): Promise<void> {
  opened.push(await serveDhcp(link, deps));
  for (const segment of link.segments) opened.push(probeAddresses(segment));
  const onWire = link.segments.find(({ network }) => network.mode !== 'relayed' && !network.observe);
  if (!onWire) return;
  opened.push(watchDhcpServers(onWire, link.ownAddresses));
}

async function closeAll(opened: readonly Closable[]): Promise<void> {
  await Promise.all(opened.map((server) => server.close()));
}

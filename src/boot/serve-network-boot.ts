import { LeaseTable } from '../core/lease-table.ts';
import { reasonOf } from '../errors.ts';
import { advertiseNoRouter } from '../net/router-advertiser.ts';
import { ipv4Number } from '../wire/ipv4.ts';
import type { BootSegment } from './boot-segment.ts';
import type { Closable, NetworkBootDeps } from './network-boot.ts';
import { serveDhcp } from './serve-dhcp.ts';
import { serveHttp, serveSecrets } from './serve-http.ts';
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
    for (const network of deps.networks) {
      const leases = new LeaseTable(network, known);
      deps.metrics?.watch({
        network: network.name,
        poolSize: () =>
          network.mode === 'off' ? 0 : ipv4Number(network.poolEnd) - ipv4Number(network.poolStart) + 1,
        inPool: (address) => leases.inPool(address),
        all: () => leases.all(),
      });
      const httpUrl = `http://${network.address}:${deps.httpPort}`;
      await serveSegment({ network, leases, httpUrl, deps }, opened);
    }
  } catch (error) {
    await close();
    throw error;
  }
  signal.addEventListener('abort', () => void close(), { once: true });
  return { close };
}

async function serveSegment(segment: BootSegment, opened: Closable[]): Promise<void> {
  const { network, deps } = segment;
  opened.push(await serveHttp(segment));
  if (deps.secure) opened.push(await serveSecrets(segment, deps.secure));
  opened.push(await serveTftp(segment));
  if (network.mode === 'off') return;
  opened.push(await serveDhcp(segment));
  opened.push(watchDhcpServers(segment));
  try {
    const advertiser = advertiseNoRouter(network.interface);
    opened.push({ close: async () => advertiser.close() });
  } catch (error) {
    // Only iPXE's IPv6 wait comes back without it: some 15 s a boot.
    deps.log.warn({ network: network.name, reason: reasonOf(error) }, 'no router advertisements');
  }
  deps.log.info(
    { network: network.name, address: network.address, interface: network.interface },
    'serving boot',
  );
}

async function closeAll(opened: readonly Closable[]): Promise<void> {
  await Promise.all(opened.map((server) => server.close()));
}

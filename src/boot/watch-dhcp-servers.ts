import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';
import {
  type OtherDhcpServer,
  OtherDhcpServers,
  readOtherServer,
  serverProbe,
} from '../core/other-dhcp-servers.ts';
import { reasonOf } from '../errors.ts';
import { type ClientPortListener, listenOnClientPort } from '../net/client-port-listener.ts';
import { decodeDhcp, encodeDhcp } from '../wire/dhcp-message.ts';
import { type BootSegment, reportEvent } from './boot-segment.ts';
import type { Closable } from './network-boot.ts';

const ASK_EVERY_MS = 300_000;
const MAX_XID = 2 ** 32 - 1;

/**
 * Hears the other DHCP servers of a network, and asks for them with a DISCOVER now and every five minutes. One that
 * does not belong there is logged as a warning and is an event; it makes machines boot what it says, so it must be
 * found. Without the right to listen for frames it only says so.
 */
export function watchDhcpServers(segment: BootSegment, ownAddresses: ReadonlySet<string>): Closable {
  const { network, deps } = segment;
  const servers = new OtherDhcpServers({
    expected: network.otherServers,
    expectsOne: network.mode === 'proxy',
  });
  try {
    const listener = listen(network.interface, ownAddresses, (server) => {
      const verdict = servers.judge(server, deps.clock.nowMs());
      if (verdict === 'rogue') reportRogue(segment, server);
      else if (verdict === 'expected')
        deps.log.info({ network: network.name, ...server }, 'dhcp server of this network');
    });
    const ask = () => listener.ask(discover(listener.mac));
    const timer = setInterval(ask, ASK_EVERY_MS);
    timer.unref();
    ask();
    return {
      async close() {
        clearInterval(timer);
        listener.close();
      },
    };
  } catch (error) {
    deps.log.warn({ network: network.name, reason: reasonOf(error) }, 'no watch for rogue dhcp servers');
    return { close: async () => {} };
  }
}

/** Asks a wire for DHCP servers other than `ours`, and listens for as long as slow ones take. */
export async function findDhcpServers(
  device: string,
  ours: ReadonlySet<string>,
  clock: Clock,
  signal: AbortSignal,
): Promise<OtherDhcpServer[]> {
  const found = new Map<string, OtherDhcpServer>();
  const listener = listen(device, ours, (server) => found.set(`${server.address} ${server.mac}`, server));
  try {
    for (let tries = 0; tries < 2; tries++) {
      listener.ask(discover(listener.mac));
      await clock.sleep(ANSWER_MS, signal);
    }
  } finally {
    listener.close();
  }
  return [...found.values()];
}

/** ISC dhcpd and dnsmasq ping an address for a second or more before they offer it. */
const ANSWER_MS = 2000;

function listen(
  device: string,
  ours: ReadonlySet<string>,
  onServer: (server: OtherDhcpServer) => void,
): ClientPortListener {
  return listenOnClientPort(device, ({ payload, from, fromMac }) => {
    const message = decodeDhcp(payload);
    if (!message.ok) return;
    const server = readOtherServer(message.value, { address: from, mac: fromMac }, ours);
    if (server) onServer(server);
  });
}

const discover = (mac: string): Uint8Array => encodeDhcp(serverProbe(mac, randomInt(MAX_XID)));

function reportRogue(segment: BootSegment, { address, mac, said }: OtherDhcpServer): void {
  const reason = `another DHCP server answers on ${segment.network.name}: ${said}`;
  segment.deps.log.warn({ network: segment.network.name, address, mac, said }, 'rogue dhcp server');
  reportEvent(segment, { stage: 'dhcp rogue', decision: 'rogue', reason, mac, address });
}

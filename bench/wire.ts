import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from '../src/exec/run.ts';

/** Two network namespaces and the cable between them: servers at one end, whoever asks them at the other. */
export interface Wire {
  /** The namespace of the servers, its interface and its address. */
  readonly server: WireEnd;
  readonly client: WireEnd;
  /** A folder of its own for configurations, logs and state. */
  readonly folder: string;
  /** Drops this share of the packets that come in at either end; by nftables, since not every kernel has netem. */
  lose(percent: number): Promise<void>;
  close(): Promise<void>;
}

interface WireEnd {
  readonly namespace: string;
  readonly interface: string;
  readonly address: string;
}

/**
 * Lays a veth pair between two new namespaces, `bsb-NAME-s` and `bsb-NAME-c`. `clientAddress: false` leaves the far end
 * without an address, as a machine is that has only just been powered on.
 */
export async function layWire(
  name: string,
  { clientAddress = true, prefixLength = 24 }: { clientAddress?: boolean; prefixLength?: number } = {},
): Promise<Wire> {
  const server = { namespace: `bsb-${name}-s`, interface: 'bsb-s', address: '10.99.0.1' };
  const client = { namespace: `bsb-${name}-c`, interface: 'bsb-c', address: '10.99.0.2' };
  const remove = async () => {
    for (const { namespace } of [server, client]) await tryRun('ip', ['netns', 'delete', namespace]);
  };
  await remove();
  for (const { namespace } of [server, client]) await run('ip', ['netns', 'add', namespace]);
  const link = ['link', 'add', server.interface, 'netns', server.namespace, 'type', 'veth'];
  await run('ip', [...link, 'peer', 'name', client.interface, 'netns', client.namespace]);
  for (const end of [server, client]) {
    const on = (...args: string[]) => run('ip', ['-n', end.namespace, ...args]);
    if (end === server || clientAddress)
      await on('address', 'add', `${end.address}/${prefixLength}`, 'dev', end.interface);
    for (const device of [end.interface, 'lo']) await on('link', 'set', device, 'up');
  }
  const folder = mkdtempSync(join(tmpdir(), 'bs-bench-'));
  return {
    server,
    client,
    folder,
    lose: (percent) => lose([server, client], percent),
    async close() {
      await remove();
      rmSync(folder, { recursive: true });
    },
  };
}

async function lose(ends: readonly WireEnd[], percent: number): Promise<void> {
  const rule = `type filter hook input priority 0\n numgen random mod 100 < ${percent} drop\n`;
  for (const { namespace } of ends) {
    await run('ip', ['netns', 'exec', namespace, 'nft', 'flush', 'ruleset']);
    if (percent === 0) continue;
    const input = `table ip loss {\nchain input {\n ${rule}}\n}\n`;
    await run('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], { input });
  }
}

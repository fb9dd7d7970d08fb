import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, tryRun } from '../../src/exec/run.ts';
import { aNetwork } from '../core/a-network.ts';
import type { ClientResult, ClientTask } from './dhcp-client-main.ts';
import type { ServerConfig } from './netboot-server.ts';

const NAMESPACES = ['seed', 'relay', 'other', 'a', 'b', 'far', 'p'].map((name) => `bsD-${name}`);
const inNamespace = (name: string) => `bsD-${name}`;

/** What stands where, and who is on it: a bridge for each wire with several hosts, a cable for the rest. */
const LINKS: readonly [link: string, at: string, peer: string, peerAt: string][] = [
  ['bsDa0', 'seed', 'eth0', 'a'],
  ['bsDr0', 'seed', 'up0', 'relay'],
  ['bsDb0', 'seed', 'eth0', 'b'],
  ['down0', 'relay', 'eth0', 'far'],
  ['bsDp0', 'other', 'bsDp1', 'seed'],
  ['bsDp2', 'other', 'eth0', 'p'],
];

export const MACS = {
  a: '52:54:00:71:00:0a',
  b: '52:54:00:71:00:0b',
  far: '52:54:00:71:00:0c',
  p: '52:54:00:71:00:0d',
};
type Client = keyof typeof MACS;

/** The seed is on wire A (with a relay beside it), on wire B, and on wire P, where dnsmasq gives out addresses. */
export const NETWORKS = {
  a: aNetwork({
    ...{ name: 'a', interface: 'brA', address: '10.71.0.1', subnet: '10.71.0.0', gateway: '10.71.0.254' },
    pools: [{ start: '10.71.0.100', end: '10.71.0.109' }],
  }),
  b: aNetwork({
    ...{ name: 'b', interface: 'bsDb0', address: '10.72.0.1', subnet: '10.72.0.0' },
    pools: [{ start: '10.72.0.100', end: '10.72.0.109' }],
  }),
  p: aNetwork({
    ...{ name: 'p', interface: 'bsDp1', address: '10.74.0.2', subnet: '10.74.0.0', mode: 'proxy', pools: [] },
  }),
  far: aNetwork({
    ...{ name: 'far', interface: 'brA', address: '10.71.0.1', subnet: '10.73.0.0', gateway: '10.73.0.254' },
    ...{ mode: 'relayed', wire: 'relayed far', pools: [{ start: '10.73.0.100', end: '10.73.0.109' }] },
  }),
} as const;

const DHCLIENT_MS = 25_000;

type Event = Record<string, unknown>;

/** Several wires, a real relay and another DHCP server in network namespaces; one seed on all of them. */
export class DhcpLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'bs-dhcp-'));
  readonly #started: ChildProcess[] = [];
  #lines: { event?: Event; ready?: boolean }[] = [];

  static whyNot(): string | null {
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    const gone = ['/usr/sbin/dhcrelay', '/usr/sbin/dnsmasq', '/usr/sbin/dhclient'].filter(
      (path) => !existsSync(path),
    );
    return gone.length > 0 ? `missing programs: ${gone.join(' ')}` : null;
  }

  async open(): Promise<void> {
    await this.#removeNamespaces();
    for (const name of NAMESPACES) await run('ip', ['netns', 'add', name]);
    for (const [link, at, peer, peerAt] of LINKS) {
      const words = `link add ${link} netns ${inNamespace(at)} type veth peer name ${peer} netns ${inNamespace(peerAt)}`;
      await run('ip', words.split(' '));
      for (const [name, on] of [
        [link, at],
        [peer, peerAt],
      ] as const)
        await this.#ip(on, `link set ${name} up`);
    }
    for (const [client, mac] of Object.entries(MACS)) await this.#ip(client, `link set eth0 address ${mac}`);
    await this.#bridge('seed', 'brA', ['bsDa0', 'bsDr0'], '10.71.0.1/24');
    await this.#bridge('other', 'brP', ['bsDp0', 'bsDp2'], '10.74.0.1/24');
    await this.#ip('seed', 'address add 10.72.0.1/24 dev bsDb0');
    await this.#ip('seed', 'address add 10.75.0.1/24 dev bsDb0');
    await this.#ip('seed', 'address add 10.74.0.2/24 dev bsDp1');
    await this.#ip('relay', 'address add 10.71.0.9/24 dev up0');
    await this.#ip('relay', 'address add 10.73.0.254/24 dev down0');
    await this.#ip('seed', 'route add 10.73.0.0/24 via 10.71.0.9');
    await run('ip', ['netns', 'exec', inNamespace('relay'), 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    mkdirSync(join(this.folder, 'http'));
    writeFileSync(join(this.folder, 'boot.efi'), 'a boot program');
  }

  async close(): Promise<void> {
    for (const child of this.#started) await end(child);
    await this.#removeNamespaces();
    rmSync(this.folder, { recursive: true });
  }

  /** Runs the seed's boot servers on these networks until the returned function is called. */
  async serve(config: Partial<ServerConfig>): Promise<() => Promise<void>> {
    const file = join(this.folder, 'config.json');
    const boot = join(this.folder, 'boot.efi');
    const whole: ServerConfig = {
      ...{
        network: NETWORKS.a,
        httpPort: 8080,
        leaseFile: join(this.folder, `leases-${this.#started.length}.sqlite`),
        nodes: [],
        intents: {},
      },
      programs: { 'snponly.efi': boot, 'undionly.kpxe': boot },
      ...{ images: {}, httpRoot: join(this.folder, 'http') },
      ...config,
    };
    writeFileSync(file, JSON.stringify(whole));
    this.#lines = [];
    const server = this.#spawn('seed', process.execPath, [
      join(import.meta.dirname, 'netboot-server.ts'),
      file,
    ]);
    let rest = '';
    const ready = new Promise<void>((resolve) => {
      server.stdout?.on('data', (text) => {
        const parts = `${rest}${text}`.split('\n');
        rest = parts.pop() ?? '';
        this.#lines.push(...parts.map((part) => JSON.parse(part) as { event?: Event }));
        if (this.#lines.some((line) => line.ready)) resolve();
      });
    });
    let stderr = '';
    server.stderr?.on('data', (text) => {
      stderr += text;
    });
    const ended = once(server, 'exit').then(() => {
      throw new Error(`the seed ended: ${stderr}`);
    });
    await Promise.race([ready, ended]);
    ended.catch(() => {}); // ended by us from here on
    return () => end(server);
  }

  /** isc-dhcp-relay, with option 82 as switches add it. */
  startRelay(): void {
    const args = ['-4', '-d', '-a', '-m', 'append', '-id', 'down0', '-iu', 'up0', '10.71.0.1'];
    this.#spawn('relay', 'dhcrelay', args);
  }

  /** The DHCP server that was there before us. */
  startDnsmasq(): void {
    const args = [
      '-d',
      '-p',
      '0',
      '-C',
      '/dev/null',
      '--no-ping',
      '--dhcp-range=10.74.0.100,10.74.0.109,3600',
      '-i',
      'brP',
    ];
    this.#spawn('other', 'dnsmasq', [...args, `--dhcp-leasefile=${join(this.folder, 'dnsmasq.leases')}`]);
  }

  /** One address by ISC's client, or null. It changes nothing on the machine. */
  async dhclient(client: Client): Promise<string | null> {
    const files = ['-lf', join(this.folder, `${client}.leases`), '-pf', join(this.folder, `${client}.pid`)];
    // In the foreground: its daemon writes the file that names it some time after its parent has ended.
    const child = this.#spawn(client, 'dhclient', [
      '-4',
      '-1',
      '-d',
      '-v',
      '-sf',
      '/bin/true',
      ...files,
      'eth0',
    ]);
    let told = '';
    const bound = new Promise<string>((resolve) => {
      child.stderr?.on('data', (text) => {
        told += text;
        const address = /bound to (\S+)/.exec(told)?.[1];
        if (address) resolve(address);
      });
    });
    const none = once(child, 'exit').then(() => null);
    const limit = sleep(DHCLIENT_MS, null, { ref: false });
    const address = await Promise.race([bound, none, limit]);
    await end(child);
    return address;
  }

  /** Sends DHCP messages from a machine, and gives what it hears. */
  async ask(client: Client, task: ClientTask): Promise<ClientResult> {
    const main = join(import.meta.dirname, 'dhcp-client-main.ts');
    const args = ['netns', 'exec', inNamespace(client), process.execPath, main, JSON.stringify(task)];
    const { stdout, stderr } = await tryRun('ip', args, { timeoutMs: 30_000 });
    if (stdout === '') throw new Error(`the client said nothing: ${stderr}`);
    return JSON.parse(stdout) as ClientResult;
  }

  async configure(client: Client, address: string, gateway: string | null = null): Promise<void> {
    await this.#ip(client, 'address flush dev eth0');
    await this.#ip(client, `address add ${address}/24 dev eth0`);
    if (gateway) await this.#ip(client, `route replace default via ${gateway}`);
  }

  async deconfigure(client: Client): Promise<void> {
    await this.#ip(client, 'address flush dev eth0');
  }

  events(mac: string): Event[] {
    return this.#lines.flatMap(({ event }) => (event && event['mac'] === mac ? [event] : []));
  }

  async #bridge(at: string, name: string, ports: readonly string[], address: string): Promise<void> {
    await this.#ip(at, `link add ${name} type bridge`);
    for (const port of ports) await this.#ip(at, `link set ${port} master ${name}`);
    await this.#ip(at, `address add ${address} dev ${name}`);
    await this.#ip(at, `link set ${name} up`);
  }

  #ip(at: string, words: string) {
    return run('ip', ['-n', inNamespace(at), ...words.split(' ')]);
  }

  #spawn(at: string, program: string, args: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', inNamespace(at), program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#started.push(child);
    return child;
  }

  async #removeNamespaces(): Promise<void> {
    for (const name of NAMESPACES) await tryRun('ip', ['netns', 'delete', name]);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

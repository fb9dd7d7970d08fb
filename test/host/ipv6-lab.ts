import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunResult, run, tryRun } from '../../src/exec/run.ts';
import type { ServerConfig } from './netboot-server.ts';

const SEED = 'bsV-seed';
const NODE = 'bsV-node';
export const SEED_ADDRESS6 = 'fd77::1';
export const NODE_MAC = '52:54:00:99:66:01';
export const LINK = 'bsV1';

type Line = { event?: Record<string, unknown>; ready?: boolean };

/** A seed that serves IPv6 and a machine, in network namespaces of their own, joined by one cable. */
export class Ipv6Lab {
  readonly folder = mkdtempSync(join(tmpdir(), 'bs-ipv6-'));
  readonly lines: Line[] = [];
  #server: ChildProcess | null = null;

  async open(over: Partial<ServerConfig> = {}): Promise<void> {
    await this.#removeNamespaces();
    for (const name of [SEED, NODE]) await run('ip', ['netns', 'add', name]);
    await this.#onSeed(`link add bsV0 type veth peer name ${LINK} netns ${NODE} address ${NODE_MAC}`);
    await this.#onSeed('address add 10.77.0.1/24 dev bsV0');
    await this.#onSeed(`address add ${SEED_ADDRESS6}/64 dev bsV0 nodad`);
    for (const [name, link] of [
      [SEED, 'bsV0'],
      [NODE, LINK],
    ] as const) {
      const setting = `/proc/sys/net/ipv6/conf/${link}/accept_dad`;
      await run('ip', ['netns', 'exec', name, 'sh', '-c', `echo 0 > ${setting}`]);
      for (const each of ['lo', link]) await run('ip', ['-n', name, 'link', 'set', each, 'up']);
    }
    mkdirSync(this.path('http'));
    writeFileSync(this.path('config.json'), JSON.stringify({ ...this.#config(), ...over }));
  }

  async close(): Promise<void> {
    await this.stopServer('SIGTERM');
    await this.#removeNamespaces();
    rmSync(this.folder, { recursive: true });
  }

  /** Runs a program on the machine. */
  onNode(program: string, args: readonly string[], timeoutMs = 60_000): Promise<RunResult> {
    return tryRun('ip', ['netns', 'exec', NODE, program, ...args], { cwd: this.folder, timeoutMs });
  }

  async startServer(): Promise<void> {
    const server = join(import.meta.dirname, 'netboot-server.ts');
    const args = ['netns', 'exec', SEED, process.execPath, server, this.path('config.json')];
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#server = child;
    this.lines.length = 0;
    let rest = '';
    const ready = Promise.withResolvers<void>();
    child.on('exit', () => ready.reject(new Error('the server ended')));
    child.stdout.on('data', (text) => {
      const parts = `${rest}${text}`.split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.lines.push(JSON.parse(part) as Line);
      if (this.lines.some((line) => line.ready)) ready.resolve();
    });
    await ready.promise;
  }

  async stopServer(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server || server.exitCode !== null) return;
    server.kill(signal);
    await once(server, 'exit');
  }

  events(stage: string): Record<string, unknown>[] {
    return this.lines.flatMap(({ event }) => (event && event['stage'] === stage ? [event] : []));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  #onSeed(command: string): Promise<RunResult> {
    return run('ip', ['-n', SEED, ...command.split(' ')]);
  }

  #config(): ServerConfig {
    return {
      network: {
        name: 'provisioning',
        interface: 'bsV0',
        address: '10.77.0.1',
        subnet: '10.77.0.0',
        prefixLength: 24,
        wire: 'bsV0',
        gateway: null,
        dns: [],
        domain: 'lab.example',
        ntp: [],
        mtu: null,
        pools: [{ start: '10.77.0.100', end: '10.77.0.110' }],
        leaseSeconds: 3600,
        mode: 'off',
        observe: false,
        quirks: [],
        otherServers: [],
        extra: { domainSearch: [], routes: [], free: [] },
        ipv6: {
          address: SEED_ADDRESS6,
          prefixLength: 64,
          dns: ['fd77::53'],
          domain: 'lab.example',
          poolStart: 'fd77::1:0',
          poolEnd: 'fd77::1:ff',
          leaseSeconds: 3600,
          mode: 'authoritative',
        },
      },
      httpPort: 8080,
      leaseFile: this.path('leases.sqlite'),
      programs: {},
      images: {},
      httpRoot: this.path('http'),
      nodes: [],
      intents: {},
    };
  }

  async #removeNamespaces(): Promise<void> {
    for (const name of [SEED, NODE]) await tryRun('ip', ['netns', 'delete', name]);
  }
}

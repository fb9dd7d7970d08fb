import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunResult, run, tryRun } from '../../src/exec/run.ts';
import { aNetwork } from '../core/a-network.ts';
import type { ServerConfig } from './netboot-server.ts';

const SEED = 'bsA-seed';
const NODE = 'bsA-node';
export const SEED_ADDRESS = '10.77.0.1';
export const NODE_MAC = '52:54:00:99:00:01';
export const LINK = 'bsA1';

type Line = { event?: Record<string, unknown>; inventory?: unknown; ready?: boolean };

/** A seed and a machine in network namespaces of their own, joined by one cable; real clients run on the machine. */
export class NetbootLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'bs-netboot-'));
  readonly files: Readonly<Record<string, Buffer>> = {
    'small.efi': randomBytes(300_001),
    'big.efi': randomBytes(1_200_000),
  };
  readonly lines: Line[] = [];
  #server: ChildProcess | null = null;

  /** Why this host cannot run it; null when it can. */
  static whyNot(): string | null {
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    const missing = [
      '/sbin/ip',
      '/usr/sbin/nft',
      '/usr/sbin/dhclient',
      '/usr/bin/tftp',
      '/usr/bin/atftp',
      '/usr/bin/busybox',
      '/usr/bin/curl',
    ];
    const gone = missing.filter(
      (program) =>
        !existsSync(program) && !existsSync(`/usr${program}`) && !existsSync(program.replace('/usr', '')),
    );
    return gone.length > 0 ? `missing programs: ${gone.join(' ')}` : null;
  }

  async open(): Promise<void> {
    await this.#removeNamespaces();
    for (const name of [SEED, NODE]) await run('ip', ['netns', 'add', name]);
    await run(
      'ip',
      `link add bsA0 netns ${SEED} type veth peer name ${LINK} netns ${NODE} address ${NODE_MAC}`.split(' '),
    );
    await run('ip', ['-n', SEED, 'address', 'add', `${SEED_ADDRESS}/24`, 'dev', 'bsA0']);
    for (const [name, link] of [
      [SEED, 'bsA0'],
      [SEED, 'lo'],
      [NODE, LINK],
    ] as const)
      await run('ip', ['-n', name, 'link', 'set', link, 'up']);
    for (const [name, bytes] of Object.entries(this.files)) writeFileSync(join(this.folder, name), bytes);
    mkdirSync(join(this.folder, 'http'));
    writeFileSync(this.#path('config.json'), JSON.stringify(this.#config()));
    writeFileSync(this.#path('udhcpc.sh'), UDHCPC_SCRIPT, { mode: 0o755 });
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

  /** Runs the boot servers on the seed; resolves when they are ready, or with how they ended. */
  async startServer(): Promise<{ exitCode: number | null; stderr: string }> {
    const { child, ended } = this.#spawnServer();
    const ready = new Promise<null>((resolve) => {
      child.stdout?.on('data', () => {
        if (this.lines.some((line) => line.ready)) resolve(null);
      });
    });
    this.lines.length = 0;
    const end = await Promise.race([ready, ended]);
    this.#server = child;
    return end ?? { exitCode: null, stderr: '' };
  }

  async startSecondServer(): Promise<string> {
    const { ended } = this.#spawnServer();
    return (await ended).stderr;
  }

  async stopServer(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const server = this.#server;
    this.#server = null;
    if (!server || server.exitCode !== null) return null;
    server.kill(signal);
    const [code] = await once(server, 'exit');
    return code;
  }

  /** Drops this share of the packets that reach either end: as they come in, where no sender can notice. */
  async lose(percent: number): Promise<void> {
    const chain = `chain input {\n type filter hook input priority 0\n numgen random mod 100 < ${percent} drop\n}\n`;
    for (const name of [SEED, NODE]) {
      await run('ip', ['netns', 'exec', name, 'nft', 'flush', 'ruleset']);
      if (percent > 0)
        await run('ip', ['netns', 'exec', name, 'nft', '-f', '-'], { input: `table ip loss {\n${chain}}\n` });
    }
  }

  /** Gets an address by busybox' client and puts it on the machine's link. */
  async udhcpc(): Promise<string | null> {
    const args = [
      'udhcpc',
      '-i',
      LINK,
      '-n',
      '-q',
      '-f',
      '-t',
      '5',
      '-T',
      '1',
      '-s',
      this.#path('udhcpc.sh'),
    ];
    const { stdout } = await this.onNode('busybox', args);
    return /^ip=(.*)$/m.exec(stdout)?.[1] ?? null;
  }

  /** Gets an address by ISC's client, which sends a client identifier of its own; changes nothing on the machine. */
  async dhclient(): Promise<string | null> {
    const files = `-lf ${this.#path('dhclient.leases')} -pf ${this.#path('dhclient.pid')}`;
    const said = this.#path('dhclient.said');
    const script = [
      `dhclient -4 -1 -v -d -sf /bin/true ${files} ${LINK} >${said} 2>&1 & client=$!`,
      `for wait in $(seq 600); do grep -q "bound to" ${said} && break; kill -0 $client || break; sleep 0.1; done`,
      `kill $client; cat ${said}`, // it would stay to renew
    ].join('\n');
    const { stdout } = await this.onNode('sh', ['-c', script]);
    return /bound to (\S+)/.exec(stdout)?.[1] ?? null;
  }

  events(stage: string): Record<string, unknown>[] {
    return this.lines.flatMap(({ event }) => (event && event['stage'] === stage ? [event] : []));
  }

  #spawnServer() {
    const server = join(import.meta.dirname, 'netboot-server.ts');
    const args = ['netns', 'exec', SEED, process.execPath, server, this.#path('config.json')];
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let rest = '';
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.stdout.on('data', (text) => {
      const parts = `${rest}${text}`.split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) this.lines.push(JSON.parse(part) as Line);
    });
    const ended = once(child, 'exit').then(([exitCode]) => ({ exitCode: exitCode as number | null, stderr }));
    return { child, ended };
  }

  #path(name: string): string {
    return join(this.folder, name);
  }

  #config(): ServerConfig {
    const files = Object.fromEntries(Object.keys(this.files).map((name) => [name, this.#path(name)]));
    return {
      network: aNetwork({
        interface: 'bsA0',
        address: SEED_ADDRESS,
        subnet: '10.77.0.0',
        pools: [{ start: '10.77.0.100', end: '10.77.0.110' }],
      }),
      httpPort: 8080,
      leaseFile: this.#path('leases.sqlite'),
      programs: files,
      images: files,
      httpRoot: this.#path('http'),
      nodes: [],
      intents: {},
    };
  }

  async #removeNamespaces(): Promise<void> {
    for (const name of [SEED, NODE]) await tryRun('ip', ['netns', 'delete', name]);
  }
}

const UDHCPC_SCRIPT = `#!/bin/sh
if [ "$1" = bound ]; then
  ip address flush dev $interface scope global
  ip address add $ip/24 dev $interface
  echo "ip=$ip"
fi
`;

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run, tryRun } from '../../src/exec/run.ts';
import { MACHINES, MACHINES6, type Mode, SEED_LINK, type Segment, UPLINK } from './segment.ts';

const BLACKSTART = resolve(import.meta.dirname, '../../bin/blackstart');
const START_LIMIT_MS = 60_000;
const BUILD_LIMIT_MS = 1_200_000;

/** What `blackstart trace --json` prints of each event, as far as it is asked for here. */
export interface TraceLine {
  readonly stage: string;
  readonly decision: string;
  readonly reason: string;
  readonly atMs: number;
}

/** The public `blackstart serve`, in the segment's seed namespace, from a site file made for the segment's mode. */
export class InteropSeed {
  readonly #segment: Segment;
  readonly #dir: string;
  #process: ChildProcess | null = null;

  constructor(segment: Segment, dir: string) {
    this.#segment = segment;
    this.#dir = dir;
  }

  /** Where machines reach its boot files. */
  get address(): string {
    return this.#segment.mode === 'relayed' ? UPLINK.seed : MACHINES.seed;
  }

  /** Writes the site, starts the daemon, and has it build the agent's ramdisk if it is nowhere yet. */
  async start(more = ''): Promise<void> {
    mkdirSync(join(this.#dir, 'secrets'), { recursive: true });
    writeFileSync(join(this.#dir, 'site.yaml'), siteText(this.#segment.mode, this.#dir, more));
    writeFileSync(join(this.#dir, 'secrets/key'), 'not used: nothing is deployed here\n', { mode: 0o600 });
    const log = openSync(this.#log, 'a');
    const serve = this.#segment.at('seed', BLACKSTART, 'serve', '--site', this.#dir);
    const child = spawn('ip', serve, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process = child;
    const deadlineMs = Date.now() + START_LIMIT_MS;
    while (!/^blackstart serves/m.test(this.said())) {
      if (child.exitCode !== null || Date.now() > deadlineMs)
        throw new Error(`the seed does not serve; it said:\n${this.said().slice(-3000)}`);
      await new Promise((done) => setTimeout(done, 100));
    }
    await run(BLACKSTART, ['up', '--to', 'discover', '--site', this.#dir], { timeoutMs: BUILD_LIMIT_MS });
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  /** What the boot servers saw the machine do. */
  async trace(mac: string): Promise<TraceLine[]> {
    const { stdout, exitCode } = await tryRun(
      BLACKSTART,
      ['trace', mac, '--boot', 'all', '--json', '--site', this.#dir],
      {
        timeoutMs: 30_000,
      },
    );
    return exitCode === 0 ? (JSON.parse(stdout) as TraceLine[]) : [];
  }

  said(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
  }

  get #log(): string {
    return join(this.#dir, 'seed.log');
  }
}

const POOL = '10.91.0.100-10.91.0.199';

const IPV6 = `    ipv6: { cidr: "${MACHINES6.cidr}", address: "${MACHINES6.seed}", dhcp: { mode: authoritative, pool: "${MACHINES6.pool}" } }\n`;

/** The machines' network for each mode; only these keys differ. */
function networksText(mode: Mode): string {
  const wire = (name: string, cidr: string, address: string, dhcp: string) =>
    `  ${name}:\n    purpose: provisioning\n    cidr: ${cidr}\n    interface: ${SEED_LINK}\n    address: ${address}\n    dhcp: ${dhcp}\n`;
  switch (mode) {
    case 'authoritative':
      return wire('machines', MACHINES.cidr, MACHINES.seed, `{ mode: authoritative, pool: ${POOL} }`) + IPV6;
    case 'proxy':
      return wire('machines', MACHINES.cidr, MACHINES.seed, '{ mode: proxy }');
    case 'relayed':
      return [
        wire('uplink', UPLINK.cidr, UPLINK.seed, '{ mode: "off" }'),
        `  machines:\n    purpose: provisioning\n    cidr: ${MACHINES.cidr}\n    gateway: ${MACHINES.relay}\n`,
        `    dhcp: { mode: relayed, pool: ${POOL} }\n`,
      ].join('');
  }
}

const siteText = (mode: Mode, dir: string, more: string): string => `site: interop
seed: { stateDir: ${join(dir, 'state')} }
networks:
${networksText(mode)}${more}ramdisk: { kernel: cloud }
undercloud: { enabled: false }
access:
  authorizedKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vYm9keUhhc1RoaXNLZXlJdElzTWFkZVVwMDAwMDAwMDA=]
  privateKey: { file: secrets/key }
`;

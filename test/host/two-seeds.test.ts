import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endsWithUs, run, tryRun } from '../../src/exec/run.ts';
import { openPostgresLeases } from '../../src/store/lease-postgres.ts';
import type { MachineEnd, MachinesJob } from './dhcp-machines-main.ts';
import { PostgresCluster } from './postgres-cluster.ts';

const WIRE = 'bsT-wire';
const SEEDS = ['10.77.0.1', '10.77.0.2'] as const;
const MACHINES = 500;
/** So small that seeds which did not know of each other would give most addresses twice. */
const POOL = '10.77.1.0-10.77.3.255';
const why = PostgresCluster.whyNot();
const launcher = fileURLToPath(new URL('../../bin/blackstart', import.meta.url));
const namespaceOf = (seed: number) => `bsT-seed${seed}`;

const siteText = (seed: number, address: string, stateDir: string, url: string) => `site: hall
seed: { stateDir: ${stateDir}, leases: { kind: postgresql, url: { inline: "${url}" } } }
networks:
  provisioning:
    purpose: provisioning
    cidr: 10.77.0.0/16
    interface: bsT${seed}
    address: ${address}
    dhcp: { mode: authoritative, pool: ${POOL} }
access:
  authorizedKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdEFSZWFsS2V5T25seUFuRXhhbXBsZUhlcmUh test]
  privateKey: { inline: none }
undercloud: { enabled: false }
`;

describe.skipIf(why !== null)(`two seeds on one wire${why === null ? '' : ` (${why})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'bs-seeds-'));
  const seeds: ChildProcess[] = [];
  let cluster: PostgresCluster;
  let url: string;

  beforeAll(async () => {
    cluster = await PostgresCluster.start();
    url = await cluster.database('leases');
    await layWires();
    for (const [index, address] of SEEDS.entries()) seeds.push(await startSeed(index + 1, address));
  });
  afterAll(async () => {
    for (const seed of seeds) await end(seed, 'SIGTERM');
    await removeNamespaces();
    await cluster.close();
    rmSync(folder, { recursive: true });
  });

  async function startSeed(seed: number, address: string): Promise<ChildProcess> {
    const home = join(folder, `seed${seed}`);
    mkdirSync(home);
    writeFileSync(join(home, 'site.yaml'), siteText(seed, address, join(home, 'state'), url));
    const command = ['netns', 'exec', namespaceOf(seed), launcher, 'serve', '--site', home];
    const child = spawn(...endsWithUs('ip', command), { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const ready = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (text) => {
          said += text;
          if (said.includes('blackstart serves')) resolve();
        });
    });
    const failed = once(child, 'exit').then(() => Promise.reject(new Error(`seed ${seed} ended: ${said}`)));
    failed.catch(() => {});
    await Promise.race([ready, failed]);
    return child;
  }

  const given: MachineEnd[] = [];

  test('give no address twice, though one of them is killed while machines ask both', async () => {
    const all = Array.from({ length: MACHINES }, (_, index) => ({ mac: macOf(index), holds: null }));
    const asking = machines({ device: 'bsTm', machines: all, everyMs: 10, tries: 60 }, (ends) => {
      if (ends === MACHINES / 2) seeds[0]?.kill('SIGKILL');
    });
    given.push(...(await asking));
    expect(given.filter(({ address }) => address === null)).toEqual([]);
    expect(new Set(given.map(({ address }) => address)).size).toBe(MACHINES);
    expect(seeds.map(({ signalCode }) => signalCode)).toEqual(['SIGKILL', null]);
    const servers = given.map(({ server }) => server);
    for (const address of SEEDS) expect(servers).toContain(address);
  });

  test('every lease that was acknowledged is renewed by the one that lives', async () => {
    const holders = given.map(({ mac, address }) => ({ mac, holds: address }));
    await configure(given);
    const renewed = await machines({ device: 'bsTm', machines: holders, everyMs: 4, tries: 20 });
    const outcome = (ends: readonly MachineEnd[]) =>
      Object.fromEntries(ends.map(({ mac, address }) => [mac, address]));
    expect(outcome(renewed)).toEqual(outcome(given));
    expect(new Set(renewed.map(({ server }) => server))).toEqual(new Set([SEEDS[1]]));
    expect(renewed.filter(({ naks }) => naks > 0)).toEqual([]);
  });

  test('and the database has just these', async () => {
    const store = await openPostgresLeases(url);
    const onRecord = (await store.load()).map(({ mac, address }) => `${mac} ${address}`).sort();
    await store.close();
    expect(onRecord).toEqual(given.map(({ mac, address }) => `${mac} ${address}`).sort());
  });

  test('a seed that comes back knows what the other gave meanwhile', async () => {
    const late = { mac: '02:99:00:00:00:01', holds: null };
    const [first] = await machines({ device: 'bsTm', machines: [late], everyMs: 1, tries: 20 });
    rmSync(join(folder, 'seed1'), { recursive: true });
    seeds[0] = await startSeed(1, SEEDS[0]);
    await end(seeds[1] as ChildProcess, 'SIGKILL');
    await configure(first ? [first] : []);
    const holder = { mac: late.mac, holds: first?.address ?? null };
    const [again] = await machines({ device: 'bsTm', machines: [holder], everyMs: 1, tries: 20 });
    expect(again).toMatchObject({ address: first?.address, server: SEEDS[0], naks: 0 });
  });
});

const macOf = (index: number) => `02:77:00:00:0${index >> 8}:${(index & 255).toString(16).padStart(2, '0')}`;

/** Runs machines on the wire to their end; `onEnd` hears how many have come to theirs. */
async function machines(job: MachinesJob, onEnd: (ends: number) => void = () => {}): Promise<MachineEnd[]> {
  const program = join(import.meta.dirname, 'dhcp-machines-main.ts');
  const command = ['netns', 'exec', WIRE, process.execPath, program, JSON.stringify(job)];
  let ends = 0;
  const { stdout } = await run('ip', command, {
    timeoutMs: 120_000,
    onLine: () => {
      ends += 1;
      onEnd(ends);
    },
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MachineEnd);
}

/** Puts the machines' addresses on their end of the wire: to a machine that renews, seeds answer by unicast. */
async function configure(ends: readonly MachineEnd[]): Promise<void> {
  const input = ends.map(({ address }) => `address add ${address}/32 dev bsTm\n`).join('');
  await run('ip', ['-n', WIRE, '-batch', '-'], { input });
}

async function layWires(): Promise<void> {
  await removeNamespaces();
  for (const name of [WIRE, ...SEEDS.map((_, index) => namespaceOf(index + 1))])
    await run('ip', ['netns', 'add', name]);
  const onWire = (line: string) => run('ip', ['-n', WIRE, ...line.split(' ')]);
  await onWire('link add bsTm type bridge');
  for (const [index, address] of SEEDS.entries()) {
    const [namespace, device] = [namespaceOf(index + 1), `bsT${index + 1}`];
    await onWire(`link add ${device}p type veth peer name ${device} netns ${namespace}`);
    await onWire(`link set ${device}p master bsTm up`);
    for (const line of [`address add ${address}/16 dev ${device}`, `link set ${device} up`, 'link set lo up'])
      await run('ip', ['-n', namespace, ...line.split(' ')]);
  }
  await onWire('link set bsTm up');
}

async function removeNamespaces(): Promise<void> {
  for (const name of [WIRE, ...SEEDS.map((_, index) => namespaceOf(index + 1))])
    await tryRun('ip', ['netns', 'delete', name]);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

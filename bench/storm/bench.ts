import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, tryRun } from '../../src/exec/run.ts';
import { makeRoomForNeighbours } from '../../src/net/neighbour-limit.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { DNSMASQ_PACKAGE } from '../dhcp/peers.ts';
import { atMost, type Findings, type Ratio, type Row } from '../findings.ts';
import { NGINX_PACKAGE } from '../http/nginx.ts';
import { type Case, type Figure, figureOf, interleave } from '../interleave.ts';
import { whyMissing } from '../peer.ts';
import type { BenchProcess } from '../process.ts';
import { layWire, type Wire } from '../wire.ts';
import { BLACKSTART } from './blackstart.ts';
import { STAGES, type Storm, type StormResult, storm } from './load.ts';
import { DNSMASQ_NGINX } from './peers.ts';
import { PREFIX_LENGTH, type StormSubject } from './storm-subject.ts';

/** What the product is asked to be: no machine fails, and all of it in less than this. */
const MEMORY_TARGET_MIB = 400;
const START_TRIES = 300;

const STORMS: Readonly<Record<string, Storm>> = {
  '1,000 machines in 10 s': { machines: 1000, withinMs: 10_000 },
  '1,000 machines in 0.1 s': { machines: 1000, withinMs: 100 },
};

export const bench: Bench = {
  summary: 'storm: 1,000 machines powered on, from DHCP to the ramdisk, against dnsmasq and nginx',
  async run(context): Promise<Findings> {
    const missing = [];
    for (const peer of [DNSMASQ_PACKAGE, NGINX_PACKAGE]) missing.push(await whyMissing(peer));
    const reasons = missing.filter((why) => why !== null);
    const subjects = reasons.length > 0 ? [BLACKSTART] : [BLACKSTART, DNSMASQ_NGINX];
    const wire = await layWire('storm', { clientAddress: false, prefixLength: PREFIX_LENGTH });
    const told = new Set<string>();
    const raised = makeRoomForNeighbours(NEIGHBOURS);
    try {
      const cases = Object.entries(STORMS)
        .slice(0, context.quick ? 1 : undefined)
        .map(([name, shape]) => stormCase(name, shape, wire, context, told));
      const rows = await interleave(cases, subjects, context);
      return {
        rows,
        ratios: judge(rows),
        notes: [...reasons.map((why) => `left out: ${why}`), ...told, ...NOTES],
      };
    } finally {
      await wire.close();
      for (const { name, from } of raised.reverse()) await run('sysctl', ['-q', `${name}=${from}`]);
    }
  },
};

/** Room in the kernel's table of neighbours, for both ends: the seed makes it, but cannot in a namespace. */
const NEIGHBOURS = 8192;

const NOTES = [
  'dnsmasq offers one address to several machines that ask at once, and sends all but one of them a NAK: they begin anew at once',
  'the kernel’s table of neighbours, 1,024 unless told, is made larger while this runs, for all subjects: the seed does so at its start, where it is in no namespace as here; dnsmasq does not',
  'each machine: DORA as a UEFI ROM, a TFTP probe that it aborts, 1 MiB by TFTP (blksize 1468, windowsize 4), DORA as iPXE, script, kernel of 256 KiB and ramdisk of 2 MiB by HTTP (scaled down from some 8 and 80 MiB)',
  'the machines are one process, which shares the processors with the server under test; “generator” is its processor time over the time of the run: near 100 % the times are its own',
];

const stormCase = (
  name: string,
  shape: Storm,
  wire: Wire,
  { say }: BenchContext,
  told: Set<string>,
): Case<StormSubject> => ({
  name,
  async run(subject) {
    const folder = await mkdtemp(join(wire.folder, 'run-'));
    const servers = await subject.start(wire, folder);
    try {
      await untilServes(wire, subject.sign(wire), servers);
      const startMicros = cpuOf(servers);
      const overflowsBefore = await overflows(wire);
      const result = await storm(wire, shape);
      const lost = (await overflows(wire)) - overflowsBefore;
      for (const [reason, count] of Object.entries(result.failures)) {
        say(`${subject.name}: ${count} failed at ${reason}`);
        told.add(`${name}, ${subject.name}: machines failed at ${reason}`);
      }
      for (const line of subject.warnings(folder).slice(0, 5)) say(`${subject.name}: ${line}`);
      return [
        ...figures(result, cpuOf(servers) - startMicros, servers),
        { metric: 'datagrams lost at full sockets', value: lost, unit: '' },
      ];
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
      await forget(wire);
    }
  },
});

/** How many datagrams the servers' sockets had no room for, so far: RcvbufErrors of proc(5), net/snmp. */
async function overflows({ server }: Wire): Promise<number> {
  const { stdout } = await run('ip', ['netns', 'exec', server.namespace, 'cat', '/proc/net/snmp']);
  const [names = [], values = []] = [...stdout.matchAll(/^Udp: (.*)$/gm)].map(([, line = '']) =>
    line.split(' '),
  );
  return Number(values[names.indexOf('RcvbufErrors')]);
}

const cpuOf = (servers: readonly BenchProcess[]): number =>
  servers.reduce((sum, server) => sum + server.cpuMicros(), 0);

function figures(result: StormResult, cpuMicros: number, servers: readonly BenchProcess[]): Figure[] {
  const seconds = (ms: number | null) => (ms ?? Number.NaN) / 1000;
  const times = [
    ...STAGES.map((stage) => [stage, result.stages[stage]] as const),
    ['whole boot', result.boot] as const,
  ];
  return [
    { metric: 'failures', value: result.failed, unit: '' },
    { metric: 'to the last kernel', value: seconds(result.lastKernelMs), unit: 's' },
    { metric: 'to the last ramdisk', value: seconds(result.lastRamdiskMs), unit: 's' },
    ...times.flatMap(([stage, { p50Ms, p99Ms }]) => [
      { metric: `${stage}, p50`, value: p50Ms ?? Number.NaN, unit: 'ms' },
      { metric: `${stage}, p99`, value: p99Ms ?? Number.NaN, unit: 'ms' },
    ]),
    { metric: 'asked again', value: result.retries, unit: '' },
    { metric: 'NAKs', value: result.refusals, unit: '' },
    { metric: 'TFTP blocks that came twice', value: result.duplicates, unit: '' },
    { metric: 'CPU', value: cpuMicros / 1e6, unit: 's' },
    {
      metric: 'peak memory',
      value: servers.reduce((sum, server) => sum + server.peakMemoryMib(), 0),
      unit: 'MiB',
    },
    { metric: 'powered on within', value: seconds(result.startMs), unit: 's' },
    { metric: 'generator', value: result.busy * 100, unit: '%' },
  ];
}

async function untilServes(wire: Wire, url: string, servers: readonly BenchProcess[]): Promise<void> {
  const output = () => servers.map((server) => server.output()).join('\n');
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    if (servers.some((server) => server.hasEnded())) throw new Error(`the server ended: ${output()}`);
    const curl = ['netns', 'exec', wire.server.namespace, 'curl', '-fsS', '-o', '/dev/null', url];
    if ((await tryRun('ip', curl, { timeoutMs: 10_000 })).exitCode === 0) return;
    await sleep(100);
  }
  throw new Error(`no answer from ${url}: ${output()}`);
}

/** The machines of the next run are others: their addresses, and who was known to have them, go. */
async function forget({ server, client }: Wire): Promise<void> {
  await run('ip', ['-n', client.namespace, 'address', 'flush', 'dev', client.interface]);
  for (const end of [server, client])
    await run('ip', ['-n', end.namespace, 'neighbour', 'flush', 'dev', end.interface]);
}

function judge(rows: readonly Row[]): Ratio[] {
  const names = Object.keys(STORMS).filter((name) => rows.some((row) => row.case === name));
  return names.flatMap((name) => {
    const of = (metric: string) => figureOf(rows, name, BLACKSTART.name, metric);
    return [
      atMost(`${name}: failures`, of('failures'), 0),
      atMost(`${name}: peak memory, MiB`, of('peak memory'), MEMORY_TARGET_MIB),
    ];
  });
}

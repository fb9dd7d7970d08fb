import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryRun } from '../../src/exec/run.ts';
import type { Bench } from '../bench.ts';
import { type Findings, type Ratio, type Row, rateRatio } from '../findings.ts';
import { type Case, type Figure, figureOf, interleave } from '../interleave.ts';
import { whyMissing } from '../peer.ts';
import type { BenchProcess } from '../process.ts';
import { layWire, type Wire } from '../wire.ts';
import { BLACKSTART } from './blackstart.ts';
import { FILES, type HttpSubject } from './http-subject.ts';
import { NGINX, NGINX_PACKAGE } from './nginx.ts';
import { type Load, load, WRK_PACKAGE } from './wrk.ts';

/** What the product is asked to be, of nginx's throughput. */
const TARGET = 0.6;
const CLIENTS = [1, 100, 200] as const;
/** How long a server may take until it answers at all. */
const START_TRIES = 300;

type FileName = keyof typeof FILES;

export const bench: Bench = {
  summary: 'HTTP: boot files of 60 MiB, 1 MiB and 4 KiB, against nginx with one worker',
  async run(context): Promise<Findings> {
    for (const peer of [WRK_PACKAGE, NGINX_PACKAGE]) {
      const why = await whyMissing(peer);
      if (why !== null) return { rows: [], ratios: [], notes: [`nothing was measured: ${why}`] };
    }
    const wire = await layWire('http');
    try {
      const seconds = context.quick ? 2 : 4;
      const rows = [
        ...(await interleave([ceilingCase(wire, seconds)], [NGINX], { ...context, runs: 1 })),
        ...(await interleave(cases(wire, seconds), [BLACKSTART, NGINX], context)),
      ];
      return { rows, ratios: judge(rows), notes: NOTES };
    } finally {
      await wire.close();
    }
  },
};

const NOTES = [
  'both servers read from the page cache; the generator (wrk, one thread, kept-alive connections) shares the two processors with the server under test',
  'the generator’s ceiling is what it takes of an answer of two bytes from nginx; for bytes no server faster than nginx is at hand, so nginx’s own figure is what is known of it',
];

const caseName = (file: FileName, clients: number) =>
  `${file}, ${FILES[file] / 1024} KiB, ${clients} client${clients === 1 ? '' : 's'}`;

function cases(wire: Wire, seconds: number): Case<HttpSubject>[] {
  return (Object.keys(FILES) as FileName[]).flatMap((file) =>
    CLIENTS.map((connections) => ({
      name: caseName(file, connections),
      run: (subject: HttpSubject) =>
        served(wire, subject, async (server, base) => {
          const url = `${base}${file}`;
          await load(wire, url, { connections: 1, seconds: 1 }); // both have it in memory then
          const before = server.cpuMicros();
          const counted = await load(wire, url, { connections, seconds });
          return figures(counted, server.cpuMicros() - before, server);
        }),
    })),
  );
}

const CEILING = 'two bytes, 100 clients';

const ceilingCase = (wire: Wire, seconds: number): Case<HttpSubject> => ({
  name: CEILING,
  run: (subject) =>
    served(wire, subject, async (_, base) => {
      const counted = await load(wire, `${base}nothing`, { connections: 100, seconds });
      return [{ metric: 'generator’s ceiling', value: counted.requests / counted.seconds, unit: '/s' }];
    }),
});

function figures(counted: Load, cpuMicros: number, server: BenchProcess): Figure[] {
  const { requests, bytes, seconds, failures } = counted;
  return [
    { metric: 'requests', value: requests / seconds, unit: '/s' },
    { metric: 'throughput', value: bytes / seconds / 1e6, unit: 'MB/s' },
    { metric: 'CPU', value: requests === 0 ? Number.NaN : cpuMicros / requests, unit: 'µs/request' },
    { metric: 'CPU per GB', value: cpuMicros / 1e6 / (bytes / 1e9), unit: 's' },
    { metric: 'failures', value: failures, unit: '' },
    { metric: 'peak memory', value: server.peakMemoryMib(), unit: 'MiB' },
  ];
}

/** Runs a subject for the time of one measurement. */
async function served(
  wire: Wire,
  subject: HttpSubject,
  measure: (server: BenchProcess, base: string) => Promise<Figure[]>,
): Promise<Figure[]> {
  const folder = await mkdtemp(join(wire.folder, 'run-'));
  await mkdir(folder, { recursive: true });
  const server = await subject.start(wire, folder);
  try {
    const base = `http://${wire.server.address}:${subject.port}${subject.path}`;
    await untilAnswers(wire, `${base}script`, server);
    return await measure(server, base);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function untilAnswers(wire: Wire, url: string, server: BenchProcess): Promise<void> {
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    if (server.hasEnded()) throw new Error(`the server ended: ${server.output()}`);
    const curl = ['netns', 'exec', wire.client.namespace, 'curl', '-fsS', '-o', '/dev/null', url];
    if ((await tryRun('ip', curl, { timeoutMs: 10_000 })).exitCode === 0) return;
    await sleep(100);
  }
  throw new Error(`no answer from ${url}: ${server.output()}`);
}

/** Bytes where files are large, requests where they are small; only the latter have a ceiling that is known. */
function judge(rows: readonly Row[]): Ratio[] {
  const ceiling = figureOf(rows, CEILING, NGINX.name, 'generator’s ceiling');
  return (Object.keys(FILES) as FileName[]).flatMap((file) =>
    CLIENTS.map((clients) => {
      const name = caseName(file, clients);
      // Of large files few come to their end within a run: what counts is the bytes on the way.
      const metric = file === 'script' ? 'requests' : 'throughput';
      const of = (subject: HttpSubject) => figureOf(rows, name, subject.name, metric);
      const known = file === 'script' ? ceiling : Number.POSITIVE_INFINITY;
      return rateRatio(
        `${name}: of nginx’s`,
        { ours: of(BLACKSTART), peer: of(NGINX), ceiling: known },
        TARGET,
      );
    }),
  );
}

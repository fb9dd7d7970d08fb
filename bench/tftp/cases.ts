import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../src/exec/run.ts';
import { meterCpu } from '../cpu-meter.ts';
import type { Case, Figure } from '../interleave.ts';
import type { BenchProcess } from '../process.ts';
import type { Wire } from '../wire.ts';
import {
  benchFile,
  clientAddress,
  FILE,
  generate,
  type LoadResult,
  type LoadShape,
  MAX_CLIENTS,
} from './load.ts';
import type { TftpSubject } from './tftp-subject.ts';

export interface TftpCase extends Case<TftpSubject> {
  readonly shape: LoadShape;
  readonly lossPercent: number;
}

const START_TRIES = 20;

/** Gives the machines' end an address for each of them. */
export async function addMachines({ client }: Wire): Promise<void> {
  const lines = Array.from(
    { length: MAX_CLIENTS },
    (_, index) => `address add ${clientAddress(index)}/16 dev ${client.interface}\n`,
  );
  await run('ip', ['-n', client.namespace, '-batch', '-'], { input: lines.join('') });
}

/** So many machines with these options, over and over for `seconds`. */
export function rateCase(wire: Wire, name: string, shape: LoadShape): TftpCase {
  return {
    name,
    shape,
    lossPercent: 0,
    run: (subject) =>
      withServer(wire, subject, async (server) => {
        const before = server.cpuMicros();
        const result = await generate(wire, shape);
        const cpu = server.cpuMicros() - before;
        return [...correctness(result), ...rates(result), ...perPacket(result, cpu)];
      }),
  };
}

/** One file for each, over a wire that loses packets. */
export function lossCase(wire: Wire, name: string, shape: LoadShape, lossPercent: number): TftpCase {
  return {
    name,
    shape,
    lossPercent,
    run: (subject) =>
      withServer(wire, subject, async () => {
        await wire.lose(lossPercent);
        try {
          const result = await generate(wire, shape);
          return [
            { metric: 'completed', value: result.completed, unit: `of ${shape.clients}` },
            ...correctness(result),
            { metric: 'p50 of a file', value: result.p50Ms / 1000, unit: 's' },
            { metric: 'all files', value: result.seconds, unit: 's' },
          ];
        } finally {
          await wire.lose(0);
        }
      }),
  };
}

const rates = ({ bytes, seconds, p50Ms, ownCpuSeconds }: LoadResult): Figure[] => [
  { metric: 'rate', value: bytes / seconds / 1e6, unit: 'MB/s' },
  { metric: 'p50 of a file', value: p50Ms / 1000, unit: 's' },
  { metric: "generator's CPU", value: (100 * ownCpuSeconds) / seconds, unit: '%' },
];

const perPacket = ({ dataPackets }: LoadResult, cpuMicros: number): Figure[] => [
  {
    metric: 'CPU per data packet',
    value: dataPackets > 0 ? cpuMicros / dataPackets : Number.NaN,
    unit: 'us',
  },
];

const correctness = ({ failed, wrongBlocks }: LoadResult): Figure[] =>
  [
    { metric: 'failed', value: failed, unit: 'files' },
    { metric: 'wrong', value: wrongBlocks, unit: 'blocks' },
  ].filter(({ value }) => value > 0);

/** A server afresh, which serves the file that the load asks for. */
export async function withServer<T>(
  wire: Wire,
  subject: TftpSubject,
  use: (server: { cpuMicros(): number; folder: string }) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(wire.folder, 'subject-'));
  mkdirSync(join(folder, 'served'));
  writeFileSync(join(folder, 'served', FILE), benchFile());
  const server = await subject.start(wire, folder);
  const meter = meterCpu(server.pid);
  try {
    await untilServes(wire, subject, server);
    return await use({ cpuMicros: () => meter?.micros() ?? Number.NaN, folder });
  } finally {
    await server.stop();
    await meter?.close();
    rmSync(folder, { recursive: true });
  }
}

async function untilServes(wire: Wire, subject: TftpSubject, server: BenchProcess): Promise<void> {
  const one = { clients: 1, blockBytes: 1468, windowBlocks: 1, seconds: null };
  for (let attempt = 0; attempt < START_TRIES; attempt++) {
    if (server.hasEnded()) break;
    if ((await generate(wire, one)).completed === 1) return;
  }
  throw new Error(`${subject.name} serves nothing:\n${server.output()}`);
}

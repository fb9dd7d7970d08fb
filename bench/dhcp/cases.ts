import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Case, Figure } from '../interleave.ts';
import type { BenchProcess } from '../process.ts';
import type { Wire } from '../wire.ts';
import type { DhcpSubject } from './dhcp-subject.ts';
import { generate, type LoadResult, type LoadShape, lostShare } from './load.ts';

/** The wire and how machines reach the server on it. */
export interface Place {
  readonly wire: Wire;
  readonly relayed: boolean;
}

const DROPS = 0.01;
/** An answer later than this is none: a ROM has asked again by then. */
const RATE_PATIENCE_MS = 1_000;
/** OVMF and most ROMs ask again after 4 s. */
const BURST_PATIENCE_MS = 4_000;
const WARM_UP: LoadShape = { machines: 2_000, perSecond: 1_000, patienceMs: RATE_PATIENCE_MS };
const START_TRIES = 100;

/** A server with no lease yet that answers. */
export async function withServer<T>(
  place: Place,
  subject: DhcpSubject,
  use: (server: BenchProcess) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(place.wire.folder, 'subject-'));
  const server = await subject.start(place.wire, folder);
  try {
    await untilAnswers(place, subject, server);
    return await use(server);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

async function untilAnswers(
  { wire, relayed }: Place,
  subject: DhcpSubject,
  server: BenchProcess,
): Promise<void> {
  const knock: LoadShape = { machines: 1, perSecond: 1_000, patienceMs: 200 };
  for (let tries = 0; tries < START_TRIES && !server.hasEnded(); tries += 1)
    if ((await generate(wire, relayed, knock)).acks === 1) return;
  throw new Error(`${subject.name} does not answer. It printed:\n${server.output()}`);
}

interface MaxRate {
  readonly seconds: number;
  /** How often the interval that the rate lies in is halved. */
  readonly steps: number;
  /** Who asks; this project's own generator unless told. */
  readonly load?: typeof generate;
  readonly by?: string;
}

/** The highest rate with less than 1 % lost, found by doubling and then by halving the rest; each on a fresh server. */
export function maxRateCase(
  place: Place,
  { seconds, steps, load = generate, by = '' }: MaxRate,
): Case<DhcpSubject> {
  const tryRate = (subject: DhcpSubject, perSecond: number) =>
    withServer(place, subject, async (server): Promise<{ result: LoadResult; cpuMicros: number }> => {
      // What compiles as it runs is slow for its first second; the burst case is the one that meets it cold.
      await generate(place.wire, place.relayed, WARM_UP);
      const before = server.cpuMicros();
      const machines = Math.round(perSecond * seconds);
      const result = await load(place.wire, place.relayed, {
        machines,
        perSecond,
        patienceMs: RATE_PATIENCE_MS,
      });
      return { result, cpuMicros: (server.cpuMicros() - before) / Math.max(1, result.acks) };
    });
  return {
    name: `${nameOf(place)}, new leases${by}`,
    async run(subject) {
      const best = { perSecond: 0, cpuMicros: Number.NaN, p99Ms: Number.NaN };
      let [low, high] = [0, Number.POSITIVE_INFINITY];
      let perSecond = 1_000;
      for (let step = 0; step < steps; ) {
        const { result, cpuMicros } = await tryRate(subject, perSecond);
        // What counts is the rate that came about: a generator that falls behind has not asked at the rate it was told.
        const reached = result.started / Math.max(seconds, result.startSeconds);
        if (lostShare(result) < DROPS && reached >= 0.98 * perSecond) {
          low = perSecond;
          Object.assign(best, { perSecond: reached, cpuMicros, p99Ms: result.p99Ms });
        } else high = perSecond;
        if (high !== Number.POSITIVE_INFINITY) step += 1;
        perSecond = high === Number.POSITIVE_INFINITY ? perSecond * 2 : Math.round((low + high) / 2);
      }
      return [
        { metric: 'most under 1 % drops', value: best.perSecond, unit: 'DORA/s' },
        { metric: 'CPU at that rate', value: best.cpuMicros, unit: 'µs/DORA' },
        { metric: 'p99 at that rate', value: best.p99Ms, unit: 'ms' },
      ];
    },
  };
}

/** A rack that is switched on at once. */
export const burstCase = (place: Place): Case<DhcpSubject> => ({
  name: `${nameOf(place)}, 500 machines in 0.1 s`,
  run: (subject) =>
    withServer(place, subject, async (server): Promise<Figure[]> => {
      const shape = { machines: 500, perSecond: 5_000, patienceMs: BURST_PATIENCE_MS };
      const result = await generate(place.wire, place.relayed, shape);
      return [
        { metric: 'lost', value: result.started - result.acks, unit: 'machines' },
        { metric: 'p50', value: result.p50Ms, unit: 'ms' },
        { metric: 'p99', value: result.p99Ms, unit: 'ms' },
        { metric: 'peak memory', value: server.peakMemoryMib(), unit: 'MiB' },
      ];
    }),
});

const nameOf = ({ relayed }: Place): string => (relayed ? 'relayed' : 'direct');

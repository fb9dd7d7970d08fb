import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import { runSeed, seededRandom } from '../random.ts';
import { mutate } from './mutate.ts';

/** How many packets each server gets: `BLACKSTART_FUZZ=1000000` for a long run. */
export const FUZZ_PACKETS = Number(process.env['BLACKSTART_FUZZ'] ?? 50_000);
/** What JIT code and caches may take; a leak of 64 bytes a packet shows in a long run. */
const GROWTH_MIB = 48;
const PER_TURN = 1000;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMib(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

/**
 * Gives a server so many packets of the corpus, each changed at random, and says how much memory stayed. What `take`
 * throws fails the test with the packet and the seed that repeats it.
 */
export async function fuzz(
  name: string,
  corpus: readonly Uint8Array[],
  take: (packet: Uint8Array, index: number) => void,
): Promise<void> {
  expect(corpus.length).toBeGreaterThan(0);
  const seed = runSeed();
  const random = seededRandom(seed);
  const startMs = performance.now();
  let beforeMib = 0;
  for (let index = 0; index < FUZZ_PACKETS; index++) {
    if (index === Math.floor(FUZZ_PACKETS / 10)) beforeMib = heapMib();
    const packet = mutate(corpus, random);
    try {
      take(packet, index);
    } catch (cause) {
      throw new Error(`${name}: packet ${index} of seed ${seed}: ${Buffer.from(packet).toString('hex')}`, {
        cause,
      });
    }
    if (index % PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const afterMib = heapMib();
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(
    `${name}: ${FUZZ_PACKETS} packets, seed ${seed}, ${seconds} s, heap ${beforeMib.toFixed(1)} → ${afterMib.toFixed(1)} MiB`,
  );
  expect(afterMib - beforeMib).toBeLessThan(GROWTH_MIB);
}

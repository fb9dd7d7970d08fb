import { expect, test } from 'vitest';
import { runSeed } from '../random.ts';
import { simulate } from './simulate.ts';

/** How many halls: `BLACKSTART_SIMULATIONS=20000` for a long run. A failed one prints its seed. */
const COUNT = Number(process.env['BLACKSTART_SIMULATIONS'] ?? 200);
const LIMIT_MS = 3_600_000;

test('no bad network and no crash breaks a promise of the seed', {
  timeout: LIMIT_MS,
}, async () => {
  const first = runSeed();
  const only = process.env['BLACKSTART_SEED'] !== undefined;
  const total = { boots: 0, crashes: 0, transfers: 0 };
  for (let number = first; number < first + (only ? 1 : COUNT); number++) {
    const outcome = await simulate(number);
    expect(outcome.wrongs, `repeat it with BLACKSTART_SEED=${number}`).toEqual([]);
    total.boots += outcome.boots;
    total.crashes += outcome.crashes;
    total.transfers += outcome.transfers;
  }
  console.log(`${only ? 1 : COUNT} halls from seed ${first}: ${JSON.stringify(total)}`);
  expect(total.boots).toBeGreaterThan(0);
  expect(total.crashes).toBeGreaterThan(0);
  expect(total.transfers).toBeGreaterThan(0);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { History } from '../../src/operations/history.ts';
import { Reconciler } from '../../src/operations/reconciler.ts';
import { SiteStepRunner } from '../../src/operations/site-steps.ts';
import { Journal } from '../../src/store/journal.ts';
import { openStore, type SeedDatabase } from '../../src/store/open-store.ts';
import { beginOperation, endOperation, operationById } from '../../src/store/operations.ts';
import { FakeWorld } from './fake-world.ts';

class Crash extends Error {}

/** A clock whose sleeps cost nothing: waits pass at once, and time moves on. */
function fastClock(): Clock {
  let nowMs = 1_000;
  return {
    nowMs: () => nowMs,
    sleep: async (ms, signal) => {
      nowMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'blackstart-reconciler-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

/**
 * One life of the seed: works on the operation until it ends, or until `dieAfter` writes and effects have happened.
 * A dead life does nothing more: its journal refuses every write.
 */
async function live(world: FakeWorld, clock: Clock, dieAfter: number): Promise<'ended' | 'died'> {
  const database = await openStore(stateDir);
  const death = new AbortController();
  let left = dieAfter;
  const count = () => {
    left -= 1;
    if (left < 0) {
      death.abort(new Crash());
      throw new Crash();
    }
  };
  world.onEffect = count;
  try {
    return await workUntilDeath(database, world, clock, count, death);
  } finally {
    await database.destroy();
  }
}

async function workUntilDeath(
  database: SeedDatabase,
  world: FakeWorld,
  clock: Clock,
  count: () => void,
  death: AbortController,
) {
  const history = new History(await new Journal(database, clock).entries());
  const journal = new Journal(database, clock, (entry) => {
    history.append(entry);
    count();
  });
  const refuseWhenDead = journal.write.bind(journal);
  journal.write = async (...entry) => {
    if (death.signal.aborted) throw new Crash();
    await refuseWhenDead(...entry);
  };
  const operation =
    (await operationById(database, 1)) ?? (await beginOperation(database, 'up', 'fleet', clock.nowMs()));
  const reconciler = new Reconciler({
    world,
    siteSteps: new SiteStepRunner([], journal, history, clock),
    journal,
    history,
    clock,
    log: silentLog,
    endOperation: (ending, state, summary) =>
      endOperation(database, ending.id, state, summary, clock.nowMs()),
  });
  try {
    await reconciler.work(operation, death.signal);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  return death.signal.aborted ? 'died' : 'ended';
}

async function stateOfOperation() {
  const database = await openStore(stateDir);
  const operation = await operationById(database, 1);
  await database.destroy();
  return operation;
}

test('brings every node to the end, each step once', async () => {
  const world = new FakeWorld(['a', 'b']);
  expect(await live(world, fastClock(), 10_000)).toBe('ended');
  expect(await stateOfOperation()).toMatchObject({ state: 'done', summary: '2 nodes reached fleet' });
  expect(new Set(Object.values(world.done))).toEqual(new Set([1]));
});

test('a process that dies after the 1st, 2nd, 3rd … write or effect always converges, and deploys once', async () => {
  let deaths = 0;
  for (let dieAfter = 0; ; dieAfter += 1) {
    rmSync(stateDir, { recursive: true, force: true });
    const world = new FakeWorld(['a']);
    const clock = fastClock();
    const first = await live(world, clock, dieAfter);
    if (first === 'ended') break;
    deaths += 1;
    expect(await live(world, clock, 10_000), `after dying at ${dieAfter}`).toBe('ended');
    expect(await stateOfOperation(), `after dying at ${dieAfter}`).toMatchObject({ state: 'done' });
    expect(world.done['a deploy'], `after dying at ${dieAfter}`).toBe(1);
  }
  expect(deaths).toBeGreaterThan(20);
});

test('a step that fails twice is tried again, and one that keeps failing ends the operation with its error', async () => {
  const world = new FakeWorld(['a']);
  world.failing = { manage: 2 };
  expect(await live(world, fastClock(), 10_000)).toBe('ended');
  expect(await stateOfOperation()).toMatchObject({ state: 'done' });

  rmSync(stateDir, { recursive: true, force: true });
  const hopeless = new FakeWorld(['a', 'b']);
  hopeless.failing = { enroll: 99 };
  await live(hopeless, fastClock(), 10_000);
  expect(await stateOfOperation()).toMatchObject({
    state: 'failed',
    summary: '2 of 2 nodes did not reach fleet',
  });
});

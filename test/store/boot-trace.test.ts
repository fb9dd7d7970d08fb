import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { BootTrace } from '../../src/store/boot-trace.ts';
import { openStore, type SeedDatabase, storeFile } from '../../src/store/open-store.ts';
import type { TraceEvent } from '../../src/store/trace-event.ts';
import { openTraceFile, packEvent } from '../../src/store/trace-file.ts';

const MAC = '52:54:00:99:00:01';
const NOW_MS = Date.now();

const anEvent = (facts: Partial<TraceEvent> = {}): TraceEvent & { network: string } => ({
  mac: MAC,
  node: 'lab-1',
  stage: 'dhcp offer',
  decision: 'tftp',
  reason: 'discover',
  atMs: NOW_MS,
  startedAtMs: NOW_MS,
  address: '10.77.0.11',
  file: null,
  bytes: null,
  arch: 7,
  message: 'DISCOVER',
  xid: 0xcafe,
  status: null,
  resends: null,
  repeats: 1,
  ...facts,
  network: 'provisioning',
});

describe('the boot trace', () => {
  let folder: string;
  let database: SeedDatabase;
  let trace: BootTrace;
  const load = () =>
    BootTrace.load({ database, file: storeFile(folder), clock: systemClock, log: silentLog }, 0);
  const rows = async () => Number((await countRows(database)).count);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bs-trace-'));
    database = await openStore(folder);
    trace = await load();
  });
  afterEach(async () => {
    await trace.close();
    await database.destroy();
    rmSync(folder, { recursive: true });
  });

  test('gives back what it was given, from the store and in the next life', async () => {
    trace.add(anEvent());
    trace.add(anEvent({ stage: 'script', file: '/boot/x.ipxe', status: 200, atMs: NOW_MS + 2_000 }));
    const history = await trace.history([MAC]);
    expect(history.map(({ id: _, ...event }) => event)).toEqual([
      anEvent(),
      anEvent({ stage: 'script', file: '/boot/x.ipxe', status: 200, atMs: NOW_MS + 2_000 }),
    ]);
    expect(await trace.history([MAC], history[0]?.id)).toMatchObject([{ stage: 'script' }]);
    await trace.close();
    trace = await load();
    expect(trace.since([MAC], NOW_MS + 1_000)).toMatchObject([{ stage: 'script', xid: 0xcafe }]);
    expect(trace.lastSeen()).toMatchObject([{ mac: MAC, stage: 'script' }]);
  });

  test('a flood of forged MACs leaves bounded rows, a summary, and the node’s events where they were', async () => {
    trace.add(anEvent());
    const forged = Array.from({ length: 60_000 }, (_, i) => `02:00:00:00:${(i >> 8) & 255}:${i & 255}`);
    let kept = 0;
    for (const mac of forged) if (trace.add(anEvent({ mac, node: null }))) kept++;
    await trace.close();
    expect(kept).toBeLessThan(25_000);
    expect(await rows()).toBe(1 + kept + 1);
    expect(await trace.history([''])).toMatchObject([
      { repeats: 60_000 - kept, reason: expect.stringContaining('more like it of unknown machines') },
    ]);
    expect(trace.since([MAC], 0)).toHaveLength(1);
  });

  test('texts from the network are cut', async () => {
    trace.add(anEvent({ file: 'x'.repeat(60_000), reason: 'y'.repeat(60_000) }));
    const [event] = await trace.history([MAC]);
    expect([event?.file?.length, event?.reason.length]).toEqual([255, 400]);
  });

  test('old rows go first: by age, of strangers, of one machine, renewals', async () => {
    const day = 24 * 3600_000;
    const kept = {
      days: 90,
      eventsOfNodes: 50,
      eventsOfStrangers: 10,
      eventsOfOneMachine: 30,
      renewalDays: 2,
    };
    const file = openTraceFile(storeFile(folder), kept);
    const many = (count: number, facts: Partial<TraceEvent>) =>
      file.write(
        Array.from({ length: count }, (_, i) => packEvent(anEvent({ atMs: 200 * day, bytes: i, ...facts }))),
      );
    many(5, { atMs: 100 * day });
    many(40, {});
    many(3, { mac: 'other', decision: 'renewal', atMs: 197 * day });
    many(25, { mac: 'other' });
    many(30, { mac: '', node: null });
    expect(file.prune(200 * day)).toBe(5 + 3 + 20 + 15);
    file.close();
    const left = await trace.history([MAC, 'other', '']);
    expect(left.filter(({ mac }) => mac === MAC).map(({ bytes }) => bytes)).toEqual(
      Array.from({ length: 25 }, (_, i) => i + 15),
    );
    expect(left.filter(({ mac }) => mac === '').at(0)?.bytes).toBe(20);
  });
});

const countRows = (database: SeedDatabase) =>
  database
    .selectFrom('bootEvents')
    .select((e) => e.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();

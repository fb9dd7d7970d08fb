import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BootEvent } from '../../src/boot/boot-event.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { bootOnce, cancelBootOnce, endUsedUp } from '../../src/operations/boot-once.ts';
import { NodeDirectory } from '../../src/operations/directory.ts';
import type { SeedServices } from '../../src/operations/seed-services.ts';
import type { SeedState } from '../../src/operations/seed-state.ts';
import { Journal } from '../../src/store/journal.ts';
import { NodeBook } from '../../src/store/node-book.ts';
import { openStore, type SeedDatabase } from '../../src/store/open-store.ts';
import { siteOf } from '../site/sites.ts';

let dir = '';
let database: SeedDatabase;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bs-once-'));
  database = await openStore(dir);
});
afterEach(async () => {
  await database.destroy();
  rmSync(dir, { recursive: true });
});

const TOOL = ['racks: {', 'boot: { tools: { flash: { efi: flash.efi } } }\nracks: {'] as const;
const PROTECTED = [
  'role: compute\n    rack: r2',
  'role: compute\n    rack: r2\n    protected: true',
] as const;
const MAC = '52:54:00:00:00:02';

/** The seed as far as a one-time boot touches it: node n2, a real store, and a BMC that only notes. */
async function aSeed(
  replace: readonly (readonly [string, string])[] = [],
  provisionState: string | null = null,
) {
  const site = siteOf(TOOL, ['labels: { owner: ops team }', 'bmc: 10.2.0.12'], ...replace);
  const book = await NodeBook.load(
    database,
    site.nodes.map(({ name }) => name),
  );
  const asked: string[] = [];
  const bmc = {
    setNextBoot: async (device: string) => void asked.push(`next boot ${device}`),
    powerState: async () => 'on',
    powerOn: async () => void asked.push('on'),
    reset: async () => void asked.push('reset'),
  };
  const state = {
    site: { site },
    database,
    book,
    directory: new NodeDirectory(site, book, () => null),
    journal: new Journal(database, systemClock),
    clock: systemClock,
    log: silentLog,
  } as unknown as SeedState;
  const services = {
    serves: { rescue: true, memtest: false },
    ironic: () => ({ node: async () => (provisionState ? { provision_state: provisionState } : null) }),
    bmc: async () => bmc,
  } as unknown as SeedServices;
  const node = site.nodes.find(({ name }) => name === 'n2');
  if (!node) throw new Error('the site of the tests has no n2');
  const ask = (what: string, now = false) =>
    bootOnce(node, { what, minutes: 10, now, by: 'ada' }, state, services);
  return { node, state, book, asked, ask };
}

test('a rescue is an intent with an end, and a netboot by the BMC', async () => {
  const { ask, asked, book, state } = await aSeed();
  expect(await ask('rescue')).toMatchObject({ node: 'n2', what: 'rescue', power: 'on' });
  expect(asked).toEqual(['next boot pxe']);
  expect(book.intentOf('n2')).toMatchObject({ kind: 'rescue', reason: 'asked by ada' });
  expect(await state.journal.entries()).toMatchObject([{ node: 'n2', step: 'boot-once' }]);
});

test('with "now" a machine that runs is reset', async () => {
  const { ask, asked } = await aSeed();
  await ask('rescue', true);
  expect(asked).toEqual(['next boot pxe', 'reset']);
});

test('it can be taken back, once', async () => {
  const { ask, node, state, book } = await aSeed();
  await ask('rescue');
  expect([await cancelBootOnce(node, state), await cancelBootOnce(node, state)]).toEqual([true, false]);
  expect(book.intentOf('n2')).toBeNull();
});

test('it ends when the machine has fetched the last of it, and not before', async () => {
  const { ask, state, book } = await aSeed();
  await ask('rescue');
  const event = { mac: MAC, stage: 'kernel', decision: 'completed', file: '/agent/kernel' } as BootEvent;
  endUsedUp(state, event);
  endUsedUp(state, { ...event, stage: 'ramdisk', mac: '52:54:00:00:00:99' });
  expect(book.intentOf('n2')?.kind).toBe('rescue');
  endUsedUp(state, { ...event, stage: 'ramdisk' });
  await expect.poll(() => book.intentOf('n2')).toBeNull();
});

test.each([
  ['what the seed does not have', 'memtest', [], null, 'E_NOT_READY'],
  ['what nobody knows', 'flush', [], null, 'E_NO_TOOL'],
  ['a tool on a protected node', 'flash', [PROTECTED], null, 'E_PROTECTED'],
  ['a tool on a node that nobody approved', 'flash', [], null, 'E_UNAPPROVED'],
  ['anything while Ironic works on it', 'rescue', [], 'deploying', 'E_BUSY'],
] as const)('%s is refused, and nothing is touched', async (_, what, replace, provisionState, code) => {
  const { ask, asked, book } = await aSeed(replace, provisionState);
  await expect(ask(what)).rejects.toMatchObject({ code });
  expect([asked, book.intentOf('n2')]).toEqual([[], null]);
});

test('a rejected node boots nothing; an approved one a tool', async () => {
  const { ask, book } = await aSeed();
  await book.update('n2', { approval: 'rejected', approvedBy: 'ada', approvedAtMs: 1 });
  await expect(ask('rescue')).rejects.toMatchObject({ code: 'E_REJECTED' });
  await book.update('n2', { approval: 'approved', approvedBy: 'ada', approvedAtMs: 2 });
  expect(await ask('flash')).toMatchObject({ what: 'tool:flash' });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { OneTimeTokens } from '../../src/store/one-time-tokens.ts';
import { openStore, type SeedDatabase } from '../../src/store/open-store.ts';

const LIFE_MS = 60_000;
const DRIVE = { node: 'cmp-1', file: 'config-drive' };
const yes = () => Promise.resolve(null);

let folder: string;
let database: SeedDatabase;
let nowMs = 1_000_000;
const clock: Clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() };
let tokens: OneTimeTokens;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bs-tokens-'));
  database = await openStore(folder);
  tokens = new OneTimeTokens(database, clock);
});
afterEach(async () => {
  await database.destroy();
  rmSync(folder, { recursive: true });
});

const refused = (reason: string, replay = false) => ({ kind: 'refused', reason, replay });

test('a token opens its file once; a second time is a replay', async () => {
  const token = await tokens.issue(DRIVE, LIFE_MS);
  expect(await tokens.redeem(token, DRIVE, yes)).toEqual({ kind: 'opened' });
  expect(await tokens.redeem(token, DRIVE, yes)).toEqual(refused('the token was used before', true));
});

test('of many who come at once, one gets it', async () => {
  const token = await tokens.issue(DRIVE, LIFE_MS);
  const answers = await Promise.all(Array.from({ length: 20 }, () => tokens.redeem(token, DRIVE, yes)));
  expect(answers.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
  expect(answers.filter((answer) => answer.kind === 'refused' && answer.replay)).toHaveLength(19);
});

test('it outlives the process, used or not, and is nowhere in the store', async () => {
  const [used, fresh] = [
    await tokens.issue({ ...DRIVE, node: 'a' }, LIFE_MS),
    await tokens.issue(DRIVE, LIFE_MS),
  ];
  await tokens.redeem(used, { ...DRIVE, node: 'a' }, yes);
  await database.destroy();
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, file));
    expect([file, bytes.includes(used), bytes.includes(fresh)]).toEqual([file, false, false]);
  }
  database = await openStore(folder);
  tokens = new OneTimeTokens(database, clock);
  expect(await tokens.redeem(used, { ...DRIVE, node: 'a' }, yes)).toMatchObject({ replay: true });
  expect(await tokens.redeem(fresh, DRIVE, yes)).toEqual({ kind: 'opened' });
});

test('it runs out', async () => {
  const token = await tokens.issue(DRIVE, LIFE_MS);
  nowMs += LIFE_MS;
  expect(await tokens.redeem(token, DRIVE, yes)).toEqual(refused('the token ran out'));
});

test('a newer one takes its place, and leaves those of others alone', async () => {
  const older = await tokens.issue(DRIVE, LIFE_MS);
  const others = await tokens.issue({ ...DRIVE, node: 'cmp-2' }, LIFE_MS);
  await tokens.issue(DRIVE, LIFE_MS);
  expect(await tokens.redeem(older, DRIVE, yes)).toEqual(refused('a newer token took its place'));
  expect(await tokens.redeem(others, { ...DRIVE, node: 'cmp-2' }, yes)).toEqual({ kind: 'opened' });
});

test('in a state that it is not for it is refused, and not used up', async () => {
  const token = await tokens.issue(DRIVE, LIFE_MS);
  expect(await tokens.redeem(token, DRIVE, () => Promise.resolve('it is active'))).toEqual(
    refused('it is active'),
  );
  const failing = tokens.redeem(token, DRIVE, () => Promise.reject(new Error('no answer')));
  await expect(failing).rejects.toThrow('no answer');
  expect(await tokens.redeem(token, DRIVE, yes)).toEqual({ kind: 'opened' });
});

describe('what is no token for it opens nothing', () => {
  test.each<[string, (token: string, hash: string) => [string, typeof DRIVE]]>([
    ['nothing (CVE-2018-1000226: a token that is not looked at)', () => ['', DRIVE]],
    ['-1 (CVE-2024-47533: what a failed look-up gave)', () => ['-1', DRIVE]],
    ['a guess', () => ['A'.repeat(43), DRIVE]],
    ['its hash', (_, hash) => [hash, DRIVE]],
    ['its hash, cut to length', (_, hash) => [hash.slice(0, 43), DRIVE]],
    ['a wildcard', () => ['%', DRIVE]],
    ['SQL', () => ["' OR 1=1 --", DRIVE]],
    ['one with more behind it', (token) => [`${token}x`, DRIVE]],
    ['one with a line break', (token) => [`${token}\n`, DRIVE]],
    ['another machine', (token) => [token, { ...DRIVE, node: 'cmp-2' }]],
    ['another file', (token) => [token, { ...DRIVE, file: 'join-token' }]],
  ])('%s', async (_, make) => {
    const token = await tokens.issue(DRIVE, LIFE_MS);
    const row = await database.selectFrom('oneTimeTokens').select('hash').executeTakeFirstOrThrow();
    const [given, purpose] = make(token, row.hash);
    expect(await tokens.redeem(given, purpose, yes)).toMatchObject({ kind: 'refused', replay: false });
    expect(await tokens.redeem(token, DRIVE, yes)).toEqual({ kind: 'opened' });
  });
});

test('old ones are swept', async () => {
  await tokens.issue(DRIVE, LIFE_MS);
  nowMs += 8 * 24 * 3600_000;
  await tokens.issue(DRIVE, LIFE_MS);
  expect(await database.selectFrom('oneTimeTokens').selectAll().execute()).toHaveLength(1);
});

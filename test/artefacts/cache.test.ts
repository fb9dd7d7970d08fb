import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ArtefactSpec, ensureArtefact, hashOf } from '../../src/artefacts/cache.ts';
import { BlackstartError } from '../../src/errors.ts';

let cacheDir = '';
let builds = 0;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'bs-cache-'));
  builds = 0;
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

const silent = () => {};
const spec = (change: Partial<ArtefactSpec> = {}): ArtefactSpec => ({
  kind: 'thing',
  inputs: { recipe: '1', packages: 'a b' },
  needMib: 1,
  cacheDir,
  async build(dir) {
    builds += 1;
    await writeFile(join(dir, 'thing.bin'), 'contents');
    await writeFile(join(dir, 'scratch'), 'not to be kept');
    return { files: ['thing.bin'], versions: { tool: '1.0' } };
  },
  ...change,
});

test('the same inputs build once, and the manifest says what was built', async () => {
  const first = await ensureArtefact(spec(), silent);
  const second = await ensureArtefact(spec(), silent);
  expect(builds).toBe(1);
  expect(second).toEqual(first);
  expect(first.manifest).toMatchObject({ kind: 'thing', hash: first.hash, versions: { tool: '1.0' } });
  const sha256 = 'd1b2a59fbea7e20077af9f91b27e95e865061b270be03ff539ab3b73587882e8';
  expect(first.manifest.contents).toEqual([{ name: 'thing.bin', bytes: 8, sha256 }]);
  expect((await readdir(first.dir)).sort()).toEqual(['.complete', 'manifest.json', 'thing.bin']);
});

test('other inputs are another artefact; their order is not', async () => {
  const first = await ensureArtefact(spec(), silent);
  const other = await ensureArtefact(spec({ inputs: { recipe: '2', packages: 'a b' } }), silent);
  expect(other.dir).not.toBe(first.dir);
  expect(hashOf({ a: '1', b: '2' })).toBe(hashOf({ b: '2', a: '1' }));
  expect(hashOf({ a: '1', b: '2' })).not.toBe(hashOf({ a: '12', b: '' }));
});

test('a build that fails leaves nothing, and the next one succeeds', async () => {
  const failing = spec({
    async build(dir) {
      await writeFile(join(dir, 'half'), 'x');
      throw new Error('the tool failed');
    },
  });
  await expect(ensureArtefact(failing, silent)).rejects.toThrow('the tool failed');
  expect(await readdir(join(cacheDir, 'thing'))).toEqual([]);
  await ensureArtefact(spec(), silent);
  expect(builds).toBe(1);
});

test('what a killed build left is removed by the next, with its lock', async () => {
  const left = join(cacheDir, 'thing', '.building-0123456789abcdef');
  await mkdir(left, { recursive: true });
  await writeFile(join(left, 'half'), 'x');
  await writeFile(join(cacheDir, 'thing', '.lock'), '{"pid":1,"startTicks":"never","bootId":"another"}');
  const { dir } = await ensureArtefact(spec(), silent);
  expect(existsSync(left)).toBe(false);
  expect((await readdir(join(cacheDir, 'thing'))).sort()).toEqual([dir.split('/').at(-1)]);
});

test('a lock file cut short by a crash is taken over', async () => {
  await mkdir(join(cacheDir, 'thing'));
  await writeFile(join(cacheDir, 'thing', '.lock'), '');
  await ensureArtefact(spec(), silent);
  expect(builds).toBe(1);
});

test('two callers at once build once, and the second is told why it waits', async () => {
  const slow = spec({
    async build(dir) {
      builds += 1;
      await new Promise((resolve) => setTimeout(resolve, 200));
      await writeFile(join(dir, 'thing.bin'), 'contents');
      return { files: ['thing.bin'], versions: {} };
    },
  });
  const lines: string[] = [];
  const both = await Promise.all([1, 2].map(() => ensureArtefact(slow, (line) => lines.push(line))));
  expect(builds).toBe(1);
  expect(both[0]).toEqual(both[1]);
  expect(lines.join()).toContain('another build is at work');
});

test('an artefact whose file was cut short is built again', async () => {
  const { dir } = await ensureArtefact(spec(), silent);
  await truncate(join(dir, 'thing.bin'), 3);
  await ensureArtefact(spec(), silent);
  expect(builds).toBe(2);
});

test('too little space is an error before anything is built', async () => {
  const error = await ensureArtefact(spec({ needMib: 1e12 }), silent).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BlackstartError);
  expect(error).toMatchObject({ code: 'E_NO_SPACE', message: expect.stringContaining('1000000000000 MiB') });
  expect((error as BlackstartError).remedy).toContain('BLACKSTART_CACHE');
  expect(builds).toBe(0);
});

test.each([
  ['a write', Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })],
  [
    'a program',
    new BlackstartError('E_PROGRAM_FAILED', 'x ended', { remedy: 'It said: No space left on device' }),
  ],
])('a disk that runs full under %s is E_NO_SPACE', async (_, thrown) => {
  const full = spec({ build: () => Promise.reject(thrown) });
  await expect(ensureArtefact(full, silent)).rejects.toMatchObject({ code: 'E_NO_SPACE', cause: thrown });
});

test('an abort while waiting for another build ends the wait', async () => {
  const abort = new AbortController();
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const held = ensureArtefact(
    spec({
      async build(dir) {
        begun.resolve();
        await end.promise;
        await writeFile(join(dir, 'thing.bin'), 'x');
        return { files: ['thing.bin'], versions: {} };
      },
    }),
    silent,
  );
  await begun.promise;
  const waiting = ensureArtefact(spec(), () => abort.abort(new Error('enough')), abort.signal);
  await expect(waiting).rejects.toThrow('enough');
  end.resolve();
  await held;
  expect(builds).toBe(0);
});

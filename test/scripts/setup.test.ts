import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingPackages, packagesFor } from '../../scripts/debian-packages.mjs';
import { lockIsInstalled } from '../../scripts/setup.mjs';
import { tryRun } from '../../src/exec/run.ts';
import { fakeCheckout } from './fake-checkout.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bs-setup-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('what is missing', () => {
  const wanted = packagesFor('test').slice(0, 3);
  const [first, second, third] = wanted.map(({ name }: { name: string }) => name);

  test('a package that dpkg has, has half, or had and forgot', () => {
    const output = `ii  ${first}\nrc  ${second}\n`;
    expect(missingPackages(wanted, output).map(({ name }: { name: string }) => name)).toEqual([
      second,
      third,
    ]);
  });

  test('each package is named once, with its use', () => {
    const names = packagesFor('test').map(({ name }: { name: string }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(packagesFor('rehearse').length).toBeLessThan(names.length);
  });
});

describe('whether npm packages are what the lock file names', () => {
  const lock = (packages: Record<string, object>) => ({ packages: { '': { name: 'x' }, ...packages } });

  const a = { version: '1' };
  const optional = { version: '1', optional: true };
  const here = { ...optional, os: [process.platform], cpu: process.arch };
  test.each([
    ['the same', a, { 'node_modules/a': { version: '1' } }, true],
    ['another version', { version: '2' }, { 'node_modules/a': { version: '1' } }, false],
    ['one missing', a, {}, false],
    ['one missing that is optional anywhere', optional, {}, true],
    ['one missing that is for another system', { ...optional, os: ['aix'], cpu: [process.arch] }, {}, true],
    ['one missing that is for another libc', { ...here, libc: ['musl'] }, {}, true],
    ['one missing that an old Node passed over', here, {}, false],
  ])('%s', (_, wanted, installed, expected) => {
    expect(lockIsInstalled(lock({ 'node_modules/a': wanted }), { packages: installed })).toBe(expected);
  });
});

describe('setting up', () => {
  test('npm packages are installed once, and a repeat asks npm for nothing', async () => {
    const { setUp, calls } = fakeCheckout(dir, {});
    expect(await setUp('unit')).toMatchObject({ exitCode: 0 });
    expect(calls().match(/^npm ci/gm)).toHaveLength(1);
    expect(await setUp('unit')).toMatchObject({ exitCode: 0 });
    expect(calls().match(/^npm ci/gm)).toHaveLength(1);
  });

  test('npm that fails says why and what to do', async () => {
    const { setUp } = fakeCheckout(dir, { npm: 'echo "npm error network" >&2; exit 1' });
    const { exitCode, stderr } = await setUp('unit');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/npm error network[\s\S]*what to do: /);
  });

  test('packages that came without the link to Node are installed again', async () => {
    const { setUp, calls } = fakeCheckout(dir, {});
    await setUp('unit');
    rmSync(join(dir, 'node_modules/.bin/node'));
    expect(await setUp('unit')).toMatchObject({ exitCode: 0 });
    expect(calls().match(/^npm ci/gm)).toHaveLength(2);
  });

  test('a Node that is not 24 is refused', async () => {
    const { setUp } = fakeCheckout(dir, {});
    await setUp('unit');
    writeFileSync(join(dir, 'node_modules/.bin/node'), '#!/bin/sh\necho v18.20.4\n');
    expect(await setUp('unit')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('v18.20.4') });
  });

  test('a purpose that does not exist is refused', async () => {
    expect(await fakeCheckout(dir, {}).setUp('fun')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('fun'),
    });
  });
});

describe('bin/blackstart', () => {
  test('says how to install its packages when they are not there', async () => {
    fakeCheckout(dir, {});
    const result = await tryRun(join(dir, 'bin/blackstart'), ['nodes']);
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`cd ${dir} && npm run setup`),
    });
  });

  test('runs from any folder and through symlinks, with the arguments as they were', () => {
    fakeCheckout(dir, {});
    mkdirSync(join(dir, 'node_modules/.bin'), { recursive: true });
    writeFileSync(join(dir, 'node_modules/.bin/node'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    symlinkSync('../bin/blackstart', join(dir, 'fake-bin/one'));
    symlinkSync('one', join(dir, 'fake-bin/two'));
    const said = execFileSync(join(dir, 'fake-bin/two'), ['nodes', 'a b', '*'], {
      cwd: '/',
      encoding: 'utf8',
    });
    expect(said.trim().split('\n').slice(-4)).toEqual([join(dir, 'src/main.ts'), 'nodes', 'a b', '*']);
  });
});

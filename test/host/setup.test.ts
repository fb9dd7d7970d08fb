import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tryRun } from '../../src/exec/run.ts';
import { fakeCheckout } from '../scripts/fake-checkout.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bs-setup-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const cannot = process.getuid?.() !== 0 ? 'not root' : existsSync('/usr/bin/apt-get') ? null : 'no apt-get';
if (cannot) console.log(`skipped, ${cannot}: test/host/setup.test.ts`);

describe.skipIf(cannot !== null)('setting up Debian', () => {
  test('package lists that are out of date are fetched, and the install tried again', async () => {
    const apt = `case "$*" in *update*) touch ${dir}/updated;; *) test -e ${dir}/updated || { echo "E: Unable to locate"; exit 100; };; esac`;
    const { setUp, calls } = fakeCheckout(dir, {
      'dpkg-query': 'echo "ii  zstd"; exit 1',
      'apt-get': apt,
      systemctl: '',
    });
    const { exitCode, stdout } = await setUp('test');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/qemu-utils: qemu-img/);
    expect(stdout).not.toMatch(/^setup: {3}zstd/m);
    expect(
      calls()
        .match(/^apt-get .*(install|update)/gm)
        ?.map((line) => line.split(' ').includes('update')),
    ).toEqual([false, true, false]);
    expect(calls()).not.toMatch(/apt-get .* zstd/);
    expect(calls()).toContain('systemctl disable ssh.service');
  });

  test('apt that fails ends with what apt said and what to do', async () => {
    const { setUp, calls } = fakeCheckout(dir, {
      'dpkg-query': 'exit 1',
      'apt-get': 'echo "E: no network"; exit 100',
    });
    const { exitCode, stderr } = await setUp('rehearse');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/E: no network[\s\S]*what to do: /);
    expect(calls()).not.toContain('npm');
  });

  test('npm run rehearse sets up first, hands its seconds and arguments on, and ends as the rehearsal ends', async () => {
    const { setUp } = fakeCheckout(dir, { 'dpkg-query': 'exit 1', 'apt-get': '', systemctl: '' });
    await setUp('unit');
    const node =
      'test "$1" = --version && echo v24.0.0 && exit; until test "$(basename -- "$1")" = main.ts; do shift; done; shift; echo "$BLACKSTART_SETUP_SECONDS $*"; exit 3';
    writeFileSync(join(dir, 'node_modules/.bin/node'), `#!/bin/sh\n${node}\n`);
    const { exitCode, stdout } = await tryRun(
      process.execPath,
      [join(dir, 'scripts/rehearse.mjs'), '--json', 'a b'],
      { env: { PATH: `${join(dir, 'fake-bin')}:/usr/bin:/bin` } },
    );
    expect(exitCode).toBe(3);
    expect(stdout.split('\n').at(-1)).toMatch(/^\d+\.\d rehearse --json a b$/);
  });
});

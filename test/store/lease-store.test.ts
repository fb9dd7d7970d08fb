import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openLeaseStore } from '../../src/store/lease-store.ts';
import { describeLeaseStore } from '../contract/lease-store.ts';
import { FakeLeaseStore } from './fake-lease-store.ts';

const folders: string[] = [];
const newFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'bs-lease-'));
  folders.push(folder);
  return join(folder, 'leases.sqlite');
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describeLeaseStore('SQLite in a worker', () => openLeaseStore(newFile()));
describeLeaseStore('in memory', async () => new FakeLeaseStore());

test('what was committed is there after the process was killed', async () => {
  const file = newFile();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'lease-committer.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) {
    printed += text;
    if (printed.split('\n').length > 200) break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  const store = await openLeaseStore(file);
  const found = new Set((await store.load()).map(({ address }) => address));
  const promised = printed.split('\n').slice(0, -1);
  expect(promised.length).toBeGreaterThanOrEqual(200);
  expect(promised.filter((address) => !found.has(address))).toEqual([]);
  await store.close();
});

test('a file that is no database is an error with a remedy', async () => {
  const file = newFile();
  writeFileSync(file, 'this is no database, but it is long enough to be read as one'.repeat(20));
  await expect(openLeaseStore(file)).rejects.toMatchObject({ code: 'E_LEASE_STORE' });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Lease } from '../../src/core/lease.ts';
import { type LeaseStore, openLeaseStore } from '../../src/store/lease-store.ts';
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

const aLease = (over: Partial<Lease> = {}): Lease => ({
  network: 'provisioning',
  address: '10.0.0.100',
  mac: '52:54:00:99:00:01',
  state: 'bound',
  expiresAtMs: 1_700_000_000_000,
  uuid: '01020304-0506-0708-090a-0b0c0d0e0f10',
  hostname: 'n1',
  ...over,
});

const byAddress = (leases: readonly Lease[]) =>
  [...leases].sort((a, b) => a.address.localeCompare(b.address));

const implementations: [string, () => Promise<LeaseStore>][] = [
  ['SQLite in a worker', () => openLeaseStore(newFile())],
  ['in memory', async () => new FakeLeaseStore()],
];

describe.each(implementations)('a lease store (%s)', (_, open) => {
  test('gives back what was committed', async () => {
    const store = await open();
    const other = aLease({
      address: '10.0.0.101',
      mac: '52:54:00:99:00:02',
      uuid: null,
      hostname: null,
      state: 'released',
    });
    await store.commit([aLease(), other]);
    expect(byAddress(await store.load())).toEqual([aLease(), other]);
    await store.close();
  });

  test('keeps an address’s last word', async () => {
    const store = await open();
    await store.commit([aLease(), aLease({ expiresAtMs: 5 })]);
    await store.commit([aLease({ mac: '52:54:00:99:00:02', expiresAtMs: 6 })]);
    expect(await store.load()).toEqual([aLease({ mac: '52:54:00:99:00:02', expiresAtMs: 6 })]);
    await store.close();
  });

  test('forgets the address a machine left, but no quarantine and no other network', async () => {
    const store = await open();
    const elsewhere = aLease({ network: 'other' });
    const declined = aLease({ address: '10.0.0.102', state: 'declined' });
    await store.commit([aLease(), elsewhere, declined, aLease({ address: '10.0.0.103' })]);
    const kept = byAddress(await store.load()).map(({ network, address }) => `${network} ${address}`);
    expect(kept).toEqual(['other 10.0.0.100', 'provisioning 10.0.0.102', 'provisioning 10.0.0.103']);
    await store.close();
  });

  test('takes many commits at once', async () => {
    const store = await open();
    const leases = Array.from({ length: 500 }, (_, index) =>
      aLease({ address: `10.0.${index >> 8}.${index & 255}`, mac: `02:00:00:00:00:${index.toString(16)}` }),
    );
    await Promise.all(leases.map((lease) => store.commit([lease])));
    expect(byAddress(await store.load())).toEqual(byAddress(leases));
    await store.close();
  });
});

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

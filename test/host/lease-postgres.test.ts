import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lease } from '../../src/core/lease.ts';
import { openPostgresLeases } from '../../src/store/lease-postgres.ts';
import type { LeaseStore } from '../../src/store/lease-store.ts';
import { aLease, describeLeaseStore } from '../contract/lease-store.ts';
import { PostgresCluster } from './postgres-cluster.ts';

const why = PostgresCluster.whyNot();
const OTHER_MAC = '52:54:00:99:00:02';

describe.skipIf(why !== null)(`leases in a real PostgreSQL${why === null ? '' : ` (${why})`}`, () => {
  let cluster: PostgresCluster;
  let databases = 0;
  const newUrl = () => {
    databases += 1;
    return cluster.database(`leases${databases}`);
  };
  const opened: LeaseStore[] = [];
  const openAt = async (url: string) => {
    const store = await openPostgresLeases(url);
    opened.push(store);
    return store;
  };
  beforeAll(async () => {
    cluster = await PostgresCluster.start();
  });
  afterAll(async () => {
    for (const store of opened) await store.close();
    await cluster.close();
  });

  describeLeaseStore('PostgreSQL', async () => openPostgresLeases(await newUrl()));

  test('an address that another seed gave away is not given again, and the one that stands is told', async () => {
    const url = await newUrl();
    const [first, second] = [await openAt(url), await openAt(url)];
    const winner = aLease();
    expect(await first.commit([winner])).toEqual([]);
    const loser = aLease({ mac: OTHER_MAC });
    const elsewhere = aLease({ mac: '52:54:00:99:00:03', address: '10.0.0.101' });
    const standing = await Promise.all([second.commit([loser]), second.commit([elsewhere])]);
    expect(standing).toEqual([[winner], []]);
    expect(await first.load()).toEqual(expect.arrayContaining([winner, elsewhere]));
    expect(await first.load()).toHaveLength(2);
  });

  test('another seed renews, releases and declines what this one gave', async () => {
    const url = await newUrl();
    const [first, second] = [await openAt(url), await openAt(url)];
    await first.commit([aLease()]);
    for (const lease of [
      aLease({ expiresAtMs: Date.now() + 7_200_000 }),
      aLease({ state: 'released' }),
      aLease({ state: 'declined' }),
    ]) {
      expect(await second.commit([lease])).toEqual([]);
      expect(await first.load()).toEqual([lease]);
    }
  });

  test('a lease that has lapsed may go to another machine', async () => {
    const url = await newUrl();
    const [first, second] = [await openAt(url), await openAt(url)];
    await first.commit([aLease({ expiresAtMs: Date.now() - 10_000 })]);
    const next = aLease({ mac: OTHER_MAC });
    expect(await second.commit([next])).toEqual([]);
    expect(await first.load()).toEqual([next]);
  });

  test('two seeds that give all addresses to different machines at once give none twice', async () => {
    const url = await newUrl();
    const seeds = [await openAt(url), await openAt(url)];
    const leasesOf = (seed: number) =>
      Array.from({ length: 200 }, (_, index) =>
        aLease({ address: `10.0.1.${index}`, mac: `02:0${seed}:00:00:00:${index.toString(16)}` }),
      );
    const gave = await Promise.all(
      seeds.map(async (store, seed) => {
        const leases = leasesOf(seed);
        // Crosswise, so that their transactions meet.
        if (seed === 1) leases.reverse();
        const answers = await Promise.all(leases.map((lease) => store.commit([lease])));
        return leases.filter((_, index) => answers[index]?.length === 0);
      }),
    );
    const held = await seeds[0]?.load();
    const key = ({ address, mac }: Lease) => `${address} ${mac}`;
    expect(gave.flat().map(key).sort()).toEqual((held ?? []).map(key).sort());
    expect(new Set(held?.map(({ address }) => address)).size).toBe(200);
  });

  test('a seed hears of what the others gave, and of nothing of its own', async () => {
    const url = await newUrl();
    const [first, second] = [await openAt(url), await openAt(url)];
    const heard: Lease[] = [];
    second.watch?.((leases) => heard.push(...leases));
    await second.commit([aLease({ mac: OTHER_MAC, address: '10.0.0.101' })]);
    await first.commit([aLease()]);
    await expect.poll(() => heard.map(({ address }) => address)).toContain('10.0.0.100');
    expect(heard.map(({ mac }) => mac)).not.toContain(OTHER_MAC);
  });

  test('what was committed is there after the seed was killed', async () => {
    const url = await newUrl();
    const promised = await killCommitter(url, 200);
    const found = new Set((await (await openAt(url)).load()).map(({ address }) => address));
    expect(promised.length).toBeGreaterThanOrEqual(200);
    expect(promised.filter((address) => !found.has(address))).toEqual([]);
  });

  test('and after the database was, which the seed survives', async () => {
    const url = await newUrl();
    const store = await openAt(url);
    const heard: Lease[] = [];
    store.watch?.((leases) => heard.push(...leases));
    const kept = aLease();
    await store.commit([kept]);
    await cluster.kill();
    await expect(store.commit([aLease({ address: '10.0.0.109' })])).rejects.toMatchObject({
      code: 'E_LEASE_STORE',
    });
    await cluster.up();
    const next = aLease({ mac: OTHER_MAC, address: '10.0.0.101' });
    expect(await store.commit([next])).toEqual([]);
    expect(await store.load()).toEqual(expect.arrayContaining([kept, next]));
    const other = await openAt(url);
    await other.commit([aLease({ mac: '52:54:00:99:00:03', address: '10.0.0.102' })]);
    await expect.poll(() => heard.map(({ address }) => address)).toContain('10.0.0.102');
  });

  test('a database that is not there is an error with a remedy, without the password', async () => {
    const opening = openPostgresLeases('postgresql://seed:hidden@127.0.0.1:1/none');
    await expect(opening).rejects.toMatchObject({ code: 'E_LEASE_STORE' });
    await expect(opening).rejects.not.toThrow('hidden');
  });
});

/** Lets another process commit lease after lease, kills it, and returns the addresses it said were committed. */
async function killCommitter(url: string, count: number): Promise<string[]> {
  const program = join(import.meta.dirname, '../store/lease-committer.ts');
  const child = spawn(process.execPath, [program, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) {
    printed += text;
    if (printed.split('\n').length > count) break;
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  return printed.split('\n').slice(0, -1);
}

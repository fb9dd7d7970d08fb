import { afterEach, describe, expect, test } from 'vitest';
import type { Lease } from '../../src/core/lease.ts';
import type { LeaseStore } from '../../src/store/lease-store.ts';

export const aLease = (over: Partial<Lease> = {}): Lease => ({
  network: 'provisioning',
  address: '10.0.0.100',
  mac: '52:54:00:99:00:01',
  state: 'bound',
  expiresAtMs: Date.now() + 3_600_000,
  uuid: '01020304-0506-0708-090a-0b0c0d0e0f10',
  hostname: 'n1',
  ...over,
});

const LAPSED_MS = 1_700_000_000_000;
const byAddress = (leases: readonly Lease[]) =>
  [...leases].sort((a, b) => a.network.localeCompare(b.network) || a.address.localeCompare(b.address));
const addressesOf = (leases: readonly Lease[]) =>
  byAddress(leases).map(({ network, address }) => `${network} ${address}`);

/** What every lease store does. `open` gives an empty one; it is closed here. */
export function describeLeaseStore(name: string, open: () => Promise<LeaseStore>): void {
  describe(`a lease store (${name})`, () => {
    const opened: LeaseStore[] = [];
    const openOne = async () => {
      const store = await open();
      opened.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });

    test('gives back what was committed', async () => {
      const store = await openOne();
      const other = aLease({
        address: '10.0.0.101',
        mac: '52:54:00:99:00:02',
        uuid: null,
        hostname: null,
        state: 'released',
      });
      const first = aLease();
      expect(await store.commit([first, other])).toEqual([]);
      expect(byAddress(await store.load())).toEqual([first, other]);
    });

    test('keeps an address’s last word', async () => {
      const store = await openOne();
      await store.commit([aLease(), aLease({ expiresAtMs: LAPSED_MS })]);
      const next = aLease({ mac: '52:54:00:99:00:02' });
      await store.commit([next]);
      expect(await store.load()).toEqual([next]);
    });

    test('keeps the last word within one batch too', async () => {
      const store = await openOne();
      const elsewhere = aLease({ address: '10.0.0.104' });
      const back = aLease({ expiresAtMs: Date.now() + 7_200_000 });
      await store.commit([aLease(), elsewhere, back]);
      expect(await store.load()).toEqual([back]);
    });

    test('forgets the address a machine left, but no quarantine and no other network', async () => {
      const store = await openOne();
      const elsewhere = aLease({ network: 'other' });
      const declined = aLease({ address: '10.0.0.102', state: 'declined' });
      await store.commit([aLease(), elsewhere, declined, aLease({ address: '10.0.0.103' })]);
      await store.commit([aLease({ address: '10.0.0.105' })]);
      expect(addressesOf(await store.load())).toEqual([
        'other 10.0.0.100',
        'provisioning 10.0.0.102',
        'provisioning 10.0.0.105',
      ]);
    });

    test('a machine that declines what it holds may be given another address', async () => {
      const store = await openOne();
      await store.commit([aLease()]);
      await store.commit([aLease({ state: 'declined' }), aLease({ address: '10.0.0.101' })]);
      const states = byAddress(await store.load()).map(({ address, state }) => `${address} ${state}`);
      expect(states).toEqual(['10.0.0.100 declined', '10.0.0.101 bound']);
    });

    test('an address that was given back may go to another machine', async () => {
      const store = await openOne();
      await store.commit([aLease({ state: 'released' })]);
      const next = aLease({ mac: '52:54:00:99:00:02' });
      expect(await store.commit([next])).toEqual([]);
      expect(await store.load()).toEqual([next]);
    });

    test('takes many commits at once', async () => {
      const store = await openOne();
      const leases = Array.from({ length: 500 }, (_, index) =>
        aLease({ address: `10.0.${index >> 8}.${index & 255}`, mac: `02:00:00:00:00:${index.toString(16)}` }),
      );
      await Promise.all(leases.map((lease) => store.commit([lease])));
      expect(byAddress(await store.load())).toEqual(byAddress(leases));
    });

    test('text that would be a statement elsewhere is text', async () => {
      const store = await openOne();
      const odd = aLease({ hostname: `'); DROP TABLE lease; -- "ü\\` });
      await store.commit([odd]);
      expect(await store.load()).toEqual([odd]);
    });
  });
}

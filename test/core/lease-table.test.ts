import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holds, type Lease } from '../../src/core/lease.ts';
import { LeaseTable } from '../../src/core/lease-table.ts';
import { MAC, NOW_MS } from './boot-samples.ts';
import { aMessage, NETWORK, PureServer } from './dhcp-samples.ts';

const aLease = (over: Partial<Lease> = {}): Lease => ({
  network: NETWORK.name,
  address: '10.0.0.100',
  mac: MAC,
  state: 'bound',
  expiresAtMs: NOW_MS + 1000,
  uuid: null,
  hostname: null,
  ...over,
});

describe('a table loaded from the store', () => {
  test('knows its own network’s leases only', () => {
    const table = new LeaseTable(NETWORK, [
      aLease(),
      aLease({ network: 'other', mac: '02:00:00:00:00:01', address: '10.0.0.101' }),
    ]);
    expect([table.byMac(MAC)?.address, table.byAddress('10.0.0.101')]).toEqual(['10.0.0.100', null]);
  });

  test('keeps a quarantine beside its machine’s new lease, in whatever order they come', () => {
    const declined = aLease({ state: 'declined', expiresAtMs: NOW_MS + 9000 });
    const bound = aLease({ address: '10.0.0.101' });
    for (const leases of [
      [declined, bound],
      [bound, declined],
    ]) {
      const table = new LeaseTable(NETWORK, leases);
      expect([table.byMac(MAC)?.address, table.byAddress('10.0.0.100')?.state]).toEqual([
        '10.0.0.101',
        'declined',
      ]);
    }
  });

  test('a machine that moved leaves its old address free', () => {
    const table = new LeaseTable(NETWORK, [aLease()]);
    table.put(aLease({ address: '10.0.0.103' }));
    expect(table.findFree('52:54:00:00:00:99', NOW_MS, () => false)).toBe('10.0.0.100');
  });
});

describe('a pool that seeds share', () => {
  const pool = { name: NETWORK.name, pools: [{ start: '10.0.1.0', end: '10.0.4.255' }] };
  const macOf = (index: number) =>
    `52:54:00:00:0${index >> 8}:${(index & 255).toString(16).padStart(2, '0')}`;
  const none = () => false;

  test('has the same address for a machine at every seed, and seldom the same for two', () => {
    const [one, two] = [
      new LeaseTable(pool, [], { shared: true }),
      new LeaseTable(pool, [], { shared: true }),
    ];
    const macs = Array.from({ length: 200 }, (_, index) => macOf(index));
    const at = (table: LeaseTable) => macs.map((mac) => table.findFree(mac, NOW_MS, none));
    expect(at(one)).toEqual(at(two));
    expect(new Set(at(one)).size).toBeGreaterThan(160);
  });

  test('is given out to the last address', () => {
    const table = new LeaseTable(pool, [], { shared: true });
    const given = Array.from({ length: 1_024 }, (_, index) => {
      const address = table.findFree(macOf(index), NOW_MS, none) ?? 'none';
      table.put(aLease({ address, mac: macOf(index) }));
      return address;
    });
    expect(new Set(given).size).toBe(1_024);
    expect(table.findFree(macOf(1_024), NOW_MS, none)).toBeNull();
  });
});

test('no history of messages gives one address to two machines, or more than the pool has', () => {
  const anyStep = fc.record({
    machine: fc.integer({ min: 0, max: 7 }),
    act: fc.constantFrom('acquire', 'discover', 'release', 'decline', 'renew', 'wait' as const),
    minutes: fc.integer({ min: 0, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const server = new PureServer();
      const believed = new Map<string, { mac: string; untilMs: number }>();
      for (const { machine, act, minutes } of steps) {
        const chaddr = `52:54:00:00:00:0${machine}`;
        const own = server.leases.byMac(chaddr)?.address ?? '0.0.0.0';
        const ours = { dhcpServerIdentifier: NETWORK.address };
        let given: string | null = null;
        if (act === 'acquire') given = server.acquire(chaddr);
        if (act === 'discover') server.answer(aMessage('discover', {}, { chaddr }));
        if (act === 'renew')
          given = server.answer(aMessage('request', {}, { chaddr, ciaddr: own })).reply?.yiaddr ?? null;
        if (act === 'release') server.answer(aMessage('release', ours, { chaddr, ciaddr: own }));
        if (act === 'decline')
          server.answer(aMessage('decline', { ...ours, dhcpRequestedAddress: own }, { chaddr }));
        if (act === 'release' || act === 'decline' || act === 'discover')
          for (const [address, holder] of believed) if (holder.mac === chaddr) believed.delete(address);
        if (given !== null && given !== '0.0.0.0') {
          const holder = believed.get(given);
          if (holder && holder.untilMs > server.nowMs) expect(holder.mac).toBe(chaddr);
          believed.set(given, { mac: chaddr, untilMs: server.nowMs + NETWORK.leaseSeconds * 1000 });
          expect(server.leases.inPool(given)).toBe(true);
        }
        server.nowMs += minutes * 60_000;
      }
      const held = [...server.leases.all()].filter((lease) => holds(lease, server.nowMs));
      expect(held.length).toBeLessThanOrEqual(4);
      expect(new Set(held.map(({ address }) => address)).size).toBe(held.length);
    }),
    { numRuns: 500 },
  );
});

test('what is upcoming is what would be given out, one after another', () => {
  const anyLease = fc.record({
    host: fc.integer({ min: 100, max: 103 }),
    mac: fc.integer({ min: 0, max: 5 }),
    state: fc.constantFrom('offered', 'bound', 'released', 'declined' as const),
    minutes: fc.integer({ min: -5, max: 5 }),
    dropped: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(anyLease, { maxLength: 20 }), (leases) => {
      const table = new LeaseTable(NETWORK);
      for (const { host, mac, state, minutes, dropped } of leases) {
        const lease = aLease({
          address: `10.0.0.${host}`,
          mac: `m${mac}`,
          state,
          expiresAtMs: NOW_MS + minutes * 60_000,
        });
        table.put(lease);
        if (dropped) table.drop(lease);
      }
      const taken = (address: string) => address === '10.0.0.101';
      const upcoming = table.upcoming(5, NOW_MS, taken);
      const given = new Set<string>();
      for (let each = 0; each < 5; each++) {
        const next = table.findFree(MAC, NOW_MS, (address) => taken(address) || given.has(address));
        if (next !== null) given.add(next);
      }
      expect(new Set(upcoming)).toEqual(given);
    }),
    { numRuns: 300 },
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootOptions6 } from '../../src/core/dhcp6-boot-options.ts';
import { LeaseTable6 } from '../../src/core/dhcp6-lease-table.ts';
import { holds, type Lease } from '../../src/core/lease.ts';
import { MESSAGE_TYPE6, STATUS6 } from '../../src/wire/dhcp6-message.ts';
import { aNode, MAC, NOW_MS } from './boot-samples.ts';
import { aMessage6, anIa, LEASES6, macNumber, NETWORK6, PureServer6, SERVER_ID } from './dhcp6-samples.ts';

const OURS = { serverid: SERVER_ID };
const OTHER = { serverid: Uint8Array.of(0, 2, 9) };

describe('an address', () => {
  test('is offered at once and for sure, and holds from the REPLY on', () => {
    const server = new PureServer6();
    const offer = server.hear(aMessage6('solicit', { iaNa: [anIa(5)], oro: [23] }));
    expect(offer).toMatchObject({
      outcome: 'offer',
      leases: [],
      reply: {
        type: MESSAGE_TYPE6.advertise,
        xid: 7,
        options: { preference: 255, serverid: SERVER_ID, dnsServers: ['fd77::53'] },
      },
    });
    expect(offer.reply?.options.domainSearch).toBeUndefined(); // it did not ask
    const ack = server.hear(aMessage6('request', { ...OURS, iaNa: [anIa(5, offer.address ?? '')] }));
    expect(ack).toMatchObject({
      outcome: 'ack',
      address: offer.address,
      leases: [
        {
          network: LEASES6,
          mac: MAC,
          address: offer.address,
          state: 'bound',
          expiresAtMs: NOW_MS + 3_600_000,
        },
      ],
    });
    expect(ack.reply?.options.iaNa).toEqual([
      {
        iaid: 5,
        t1Seconds: 1800,
        t2Seconds: 2880,
        addresses: [{ address: offer.address, preferredSeconds: 3600, validSeconds: 3600, status: null }],
        status: null,
      },
    ]);
  });

  test('comes at once to who asks for a rapid commit', () => {
    const answer = new PureServer6().hear(aMessage6('solicit', { rapidCommit: true, iaNa: [anIa(1)] }));
    expect(answer).toMatchObject({
      outcome: 'ack',
      reply: { type: MESSAGE_TYPE6.reply, options: { rapidCommit: true } },
    });
  });

  test('stays the card’s, whatever association its firmware, iPXE and system name it by', () => {
    const server = new PureServer6();
    expect(new Set([server.lease(MAC, 1), server.lease(MAC, 2), server.lease(MAC, 3)]).size).toBe(1);
  });

  test('is the node’s reserved one, which nobody else is given', () => {
    const server = new PureServer6();
    server.nodes = [aNode({ address6: 'fd77::1:2' })];
    expect(server.lease()).toBe('fd77::1:2');
    const others = [1, 2, 3, 4].map((number) => server.lease(macNumber(number)));
    expect(others.filter(Boolean).sort()).toEqual(['fd77::1:0', 'fd77::1:1', 'fd77::1:3']);
    expect(server.hear(aMessage6('solicit', { iaNa: [anIa(1)] }), macNumber(9)).outcome).toBe('exhausted');
  });

  test('is one for a card: a second association at once gets none', () => {
    const { reply } = new PureServer6().hear(aMessage6('solicit', { iaNa: [anIa(1), anIa(2)] }));
    expect(reply?.options.iaNa?.map(({ addresses, status }) => [addresses.length, status?.code])).toEqual([
      [1, undefined],
      [0, STATUS6.noAddrsAvail],
    ]);
  });
});

describe('a running machine', () => {
  test('renews, and rebinds with any server', () => {
    const server = new PureServer6();
    const address = server.lease() ?? '';
    server.nowMs += 1_800_000;
    for (const message of [
      aMessage6('renew', { ...OURS, iaNa: [anIa(1, address)] }),
      aMessage6('rebind', { iaNa: [anIa(1, address)] }),
    ])
      expect(server.hear(message)).toMatchObject({
        outcome: 'ack',
        address,
        leases: [{ expiresAtMs: server.nowMs + 3_600_000 }],
      });
  });

  test('keeps its address though the lease file is lost', () => {
    const answer = new PureServer6().hear(aMessage6('rebind', { iaNa: [anIa(1, 'fd77::1:3')] }));
    expect(answer).toMatchObject({ outcome: 'ack', address: 'fd77::1:3' });
  });

  test('that renews what is not its own is told to drop it, and given another', () => {
    const server = new PureServer6();
    const taken = server.lease(macNumber(1)) ?? '';
    const { reply, address } = server.hear(
      aMessage6('renew', { ...OURS, iaNa: [anIa(1, taken, '2001:db8::9')] }),
    );
    expect(reply?.options.iaNa?.[0]?.addresses).toMatchObject([
      { address, validSeconds: 3600 },
      { address: taken, validSeconds: 0 },
      { address: '2001:db8::9', validSeconds: 0 },
    ]);
    expect(address).not.toBe(taken);
  });

  test('that was plugged in elsewhere learns so', () => {
    const server = new PureServer6();
    const confirm = (...addresses: string[]) =>
      server.hear(aMessage6('confirm', { iaNa: [anIa(1, ...addresses)] }));
    expect(confirm('fd77::1:2').reply?.options.statusCode?.code).toBe(STATUS6.success);
    expect(confirm('fd77::1:2', 'fd78::1').reply?.options.statusCode?.code).toBe(STATUS6.notOnLink);
    expect(confirm().reply).toBeNull();
  });

  test('gives its address back, and gets it again', () => {
    const server = new PureServer6();
    const address = server.lease() ?? '';
    const released = server.hear(aMessage6('release', { ...OURS, iaNa: [anIa(1, address)] }));
    expect(released).toMatchObject({ outcome: 'release', leases: [{ address, state: 'released' }] });
    expect(server.lease()).toBe(address);
  });

  test('declines an address that is in use: it rests, and the machine gets another', () => {
    const server = new PureServer6();
    const address = server.lease() ?? '';
    server.hear(aMessage6('decline', { ...OURS, iaNa: [anIa(1, address)] }));
    expect(server.leases.byAddress(address)?.state).toBe('declined');
    const others = [MAC, macNumber(1), macNumber(2), macNumber(3)].map((mac) => server.lease(mac));
    expect(others).not.toContain(address);
    expect(others.filter(Boolean)).toHaveLength(3);
  });

  test('cannot give back or decline what is another’s', () => {
    const server = new PureServer6();
    const address = server.lease(macNumber(1)) ?? '';
    for (const type of ['release', 'decline'] as const)
      expect(server.hear(aMessage6(type, { ...OURS, iaNa: [anIa(1, address)] })).leases).toEqual([]);
  });
});

test.each([
  ['a SOLICIT that names a server', aMessage6('solicit', { ...OURS, iaNa: [anIa(1)] })],
  ['a REQUEST for another server', aMessage6('request', { ...OTHER, iaNa: [anIa(1)] })],
  ['a REQUEST that names none', aMessage6('request', { iaNa: [anIa(1)] })],
  ['a RENEW with another server', aMessage6('renew', { ...OTHER, iaNa: [anIa(1, 'fd77::1:1')] })],
  ['a RENEW of nothing', aMessage6('renew', OURS)],
  ['an information request for another server', aMessage6('informationRequest', OTHER)],
  ['an ADVERTISE', aMessage6('advertise', OURS)],
  ['a SOLICIT of nobody', { type: MESSAGE_TYPE6.solicit, xid: 1, options: { iaNa: [anIa(1)] } }],
])('%s is not answered (RFC 8415 §16)', (_, message) => {
  expect(new PureServer6().hear(message)).toMatchObject({ outcome: 'silence', reply: null, leases: [] });
});

test('an information request needs no name and takes no address', () => {
  const answer = new PureServer6().hear({ type: MESSAGE_TYPE6.informationRequest, xid: 1, options: {} });
  expect(answer).toMatchObject({
    outcome: 'inform',
    leases: [],
    reply: { options: { serverid: SERVER_ID } },
  });
});

test('who is refused hears nothing', () => {
  const message = aMessage6('solicit', { iaNa: [anIa(1)] });
  expect(new PureServer6().hear(message, MAC, { refusal: 'no' })).toMatchObject({
    reply: null,
    reason: 'no',
  });
});

describe('what to boot', () => {
  const reason = 'a test';
  test.each([
    [
      'PXEClient',
      { kind: 'tftp', file: 'snponly.efi', reason },
      { bootfileUrl: 'tftp://[fd77::1]/snponly.efi' },
    ],
    ['iPXE', { kind: 'script', url: 'http://s/x.ipxe', reason }, { bootfileUrl: 'http://s/x.ipxe' }],
    [
      'PXEClient',
      { kind: 'local-disk', form: 'pxe-e21', url: null, reason },
      { bootfileUrl: 'tftp://[fd77::1]/boot/local-disk.efi' },
    ],
    ['iPXE', { kind: 'ignore', reason }, {}],
  ] as const)('%s: %o', (kind, decision, expected) => {
    expect(bootOptions6(kind, decision, 'fd77::1')).toEqual(expected);
  });

  test('HTTP boot firmware sees its own name in the answer', () => {
    const options = bootOptions6('HTTPClient', { kind: 'http', url: 'http://s/a.efi', reason }, 'fd77::1');
    expect(options.bootfileUrl).toBe('http://s/a.efi');
    expect(Buffer.from(options.vendorClass?.classes[0] ?? []).toString()).toBe('HTTPClient');
  });
});

describe('the lease table', () => {
  const aLease = (over: Partial<Lease>): Lease => ({
    network: LEASES6,
    address: 'fd77::1:0',
    mac: MAC,
    state: 'bound',
    expiresAtMs: NOW_MS + 1000,
    uuid: null,
    hostname: null,
    ...over,
  });

  test('is the same after a restart, other networks’ leases left out', () => {
    const foreign = aLease({ network: 'provisioning', address: '10.0.0.9', mac: macNumber(1) });
    const table = new LeaseTable6(LEASES6, NETWORK6, [foreign, aLease({})]);
    expect([...table.all()].map(({ address }) => address)).toEqual(['fd77::1:0']);
  });

  test('takes the longest unused address when all were used', () => {
    const all = [0, 1, 2, 3].map((at) =>
      aLease({
        address: `fd77::1:${at}`,
        mac: macNumber(at),
        expiresAtMs: NOW_MS - 1000 + (at === 2 ? -500 : 0),
      }),
    );
    const table = new LeaseTable6(LEASES6, NETWORK6, all);
    expect(table.findFree(MAC, NOW_MS, () => false)).toBe('fd77::1:2');
  });

  test('no address is ever two machines’, whatever they do', () => {
    const act = fc.record({
      who: fc.nat(6),
      type: fc.constantFrom('solicit', 'request', 'renew', 'rebind', 'release', 'decline'),
      at: fc.nat(5),
      waitMs: fc.constantFrom(0, 1000, 4_000_000),
    } as const);
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const server = new PureServer6();
        const holders = new Map<string, { mac: string; untilMs: number }>();
        for (const { who, type, at, waitMs } of acts) {
          server.nowMs += waitMs;
          const mac = macNumber(who);
          const names = type === 'solicit' || type === 'rebind' ? {} : OURS;
          const answer = server.hear(aMessage6(type, { ...names, iaNa: [anIa(1, `fd77::1:${at}`)] }), mac);
          for (const { address, state } of answer.leases) {
            if (state !== 'bound') holders.delete(address);
            if (state !== 'bound') continue;
            const before = holders.get(address);
            expect(!before || before.mac === mac || before.untilMs <= server.nowMs).toBe(true);
            for (const [other, held] of holders) if (held.mac === mac) holders.delete(other);
            holders.set(address, { mac, untilMs: server.nowMs + 3_600_000 });
          }
        }
        for (const [address, { mac, untilMs }] of holders) {
          const lease = server.leases.byAddress(address);
          if (untilMs > server.nowMs) expect(lease && holds(lease, server.nowMs) && lease.mac).toBe(mac);
        }
      }),
    );
  });
});

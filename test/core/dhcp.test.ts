import { describe, expect, test } from 'vitest';
import { destinationOf } from '../../src/core/dhcp-reply.ts';
import { MESSAGE_TYPE } from '../../src/wire/dhcp-message.ts';
import { aNode, MAC } from './boot-samples.ts';
import { aMessage, NETWORK, PureServer } from './dhcp-samples.ts';

const OTHER = '52:54:00:99:00:02';
const OURS = { dhcpServerIdentifier: NETWORK.address };
const HOUR_MS = 3_600_000;
const mac = (index: number) => `52:54:00:aa:00:0${index}`;

describe('DISCOVER', () => {
  test('offers the first free address and the network’s facts', () => {
    const { reply, lease, durable } = new PureServer().answer(
      aMessage('discover', { dhcpClientIdentifier: Uint8Array.of(1, 2) }),
    );
    expect(reply).toMatchObject({
      op: 2,
      xid: 7,
      yiaddr: '10.0.0.100',
      ciaddr: '0.0.0.0',
      chaddr: MAC,
      flags: 0x8000,
    });
    expect(reply?.options).toEqual({
      dhcpMessageType: MESSAGE_TYPE.offer,
      dhcpServerIdentifier: '10.0.0.1',
      dhcpLeaseTime: 3600,
      dhcpRenewalTime: 1800,
      dhcpRebindingTime: 3150,
      subnetMask: '255.255.255.0',
      broadcastAddress: '10.0.0.255',
      routers: ['10.0.0.254'],
      domainNameServers: ['10.0.0.53'],
      domainName: 'hall.example',
      dhcpClientIdentifier: Uint8Array.of(1, 2),
    });
    expect([lease?.state, durable]).toEqual(['offered', false]);
  });

  test('holds the offer, so that two machines get two addresses', () => {
    const server = new PureServer();
    server.answer(aMessage('discover'));
    expect(server.answer(aMessage('discover', {}, { chaddr: OTHER })).reply?.yiaddr).toBe('10.0.0.101');
  });

  test('lets an offer go after a minute', () => {
    const server = new PureServer();
    for (let index = 0; index < 4; index++) server.answer(aMessage('discover', {}, { chaddr: mac(index) }));
    expect(server.answer(aMessage('discover')).outcome).toBe('exhausted');
    server.nowMs += 60_000;
    expect(server.answer(aMessage('discover')).reply?.yiaddr).toBe('10.0.0.100');
  });

  test('an exhausted pool says so, and recovers by the oldest lease first', () => {
    const server = new PureServer();
    for (let index = 0; index < 4; index++) {
      expect(server.acquire(mac(index))).toBe(`10.0.0.10${index}`);
      server.nowMs += 1000;
    }
    expect(server.answer(aMessage('discover'))).toMatchObject({
      outcome: 'exhausted',
      reply: null,
      reason: 'the pool of provisioning is exhausted: 4 addresses, 4 leased, 0 offered, 0 quarantined',
    });
    server.nowMs += HOUR_MS;
    server.acquire(mac(0)); // renewed in time: not the oldest any more
    expect(server.acquire(MAC)).toBe('10.0.0.101');
  });
});

describe('one machine, one address', () => {
  test('through ROM, iPXE and operating system, whatever client identifier they send', () => {
    const server = new PureServer();
    const rom = server.acquire(MAC, { vendorClassIdentifier: 'PXEClient:Arch:00007' });
    const ipxe = server.acquire(MAC, {
      ipxeEncapsulated: new Map([[19, Uint8Array.of(1)]]),
      dhcpClientIdentifier: Uint8Array.of(1),
    });
    const os = server.acquire(MAC, { dhcpClientIdentifier: Uint8Array.of(255, 1, 2, 3) });
    expect([rom, ipxe, os]).toEqual(['10.0.0.100', '10.0.0.100', '10.0.0.100']);
  });

  test('again after its lease ran out, if nobody took it', () => {
    const server = new PureServer();
    server.acquire(OTHER);
    expect(server.acquire(MAC)).toBe('10.0.0.101');
    server.nowMs += 2 * HOUR_MS;
    expect(server.acquire(MAC)).toBe('10.0.0.101');
  });

  test('a reservation beats everything, from in and outside the pool', () => {
    expect(new PureServer([aNode({ address: '10.0.0.20' })]).acquire(MAC)).toBe('10.0.0.20');
    expect(new PureServer([aNode({ address: '10.0.0.102' })]).acquire(MAC)).toBe('10.0.0.102');
  });

  test('a reserved address is nobody else’s', () => {
    const server = new PureServer([aNode({ address: '10.0.0.100' })]);
    expect(server.acquire(OTHER, { dhcpRequestedAddress: '10.0.0.100' })).toBe('10.0.0.101');
  });

  test('a new reservation waits for the next DISCOVER; a renewal keeps what runs', () => {
    const nodes = [aNode()];
    const server = new PureServer(nodes);
    expect(server.acquire(MAC)).toBe('10.0.0.100');
    nodes[0] = aNode({ address: '10.0.0.30' });
    expect(server.answer(aMessage('request', {}, { ciaddr: '10.0.0.100' })).outcome).toBe('ack');
    expect(server.acquire(MAC)).toBe('10.0.0.30');
  });

  test('a node’s second network card gets a pool address while the first holds the reservation', () => {
    const server = new PureServer([aNode({ macs: [MAC, OTHER], address: '10.0.0.20' })]);
    expect([server.acquire(MAC), server.acquire(OTHER)]).toEqual(['10.0.0.20', '10.0.0.100']);
  });
});

describe('REQUEST', () => {
  test('selecting: durable, acknowledged', () => {
    const server = new PureServer();
    server.answer(aMessage('discover'));
    const answer = server.answer(aMessage('request', { ...OURS, dhcpRequestedAddress: '10.0.0.100' }));
    expect(answer).toMatchObject({
      outcome: 'ack',
      durable: true,
      lease: { state: 'bound', mac: MAC, address: '10.0.0.100', expiresAtMs: server.nowMs + HOUR_MS },
    });
  });

  test('selecting another server: silent, and the offer is free again', () => {
    const server = new PureServer();
    server.answer(aMessage('discover'));
    const answer = server.answer(
      aMessage('request', { dhcpServerIdentifier: '10.0.0.2', dhcpRequestedAddress: '10.0.0.200' }),
    );
    expect([answer.reply, answer.outcome]).toEqual([null, 'elsewhere']);
    expect(server.acquire(OTHER)).toBe('10.0.0.100');
  });

  test.each([
    [
      'another than offered',
      { ...OURS, dhcpRequestedAddress: '10.0.0.103' },
      {},
      '10.0.0.100 was offered, not 10.0.0.103',
    ],
    [
      'of another network (INIT-REBOOT)',
      { dhcpRequestedAddress: '192.168.1.5' },
      {},
      '192.168.1.5 is not on provisioning',
    ],
    [
      'outside the pool',
      { dhcpRequestedAddress: '10.0.0.9' },
      {},
      '10.0.0.9 is not in the pool of provisioning',
    ],
    ['the server’s own', { dhcpRequestedAddress: '10.0.0.1' }, {}, '10.0.0.1 is reserved'],
    ['the gateway’s', { dhcpRequestedAddress: '10.0.0.254' }, {}, '10.0.0.254 is reserved'],
    ['another machine’s (REBINDING)', {}, { ciaddr: '10.0.0.101' }, `10.0.0.101 is held by ${OTHER}`],
  ])('for an address %s: NAK', (_, options, header, reason) => {
    const server = new PureServer();
    server.answer(aMessage('discover'));
    server.acquire(OTHER);
    const { outcome, reply, lease } = server.answer(aMessage('request', options, header));
    expect([outcome, lease, reply?.options.dhcpMessage, reply?.yiaddr]).toEqual([
      'nak',
      null,
      reason,
      '0.0.0.0',
    ]);
    expect(reply && destinationOf(aMessage('request', options, header), reply).address).toBe(
      '255.255.255.255',
    );
  });

  test('renewing: by unicast, with the lease prolonged', () => {
    const server = new PureServer();
    server.acquire(MAC);
    server.nowMs += HOUR_MS / 2;
    const request = aMessage('request', {}, { ciaddr: '10.0.0.100' });
    const { lease, reply } = server.answer(request);
    expect([lease?.expiresAtMs, reply?.ciaddr]).toEqual([server.nowMs + HOUR_MS, '10.0.0.100']);
    expect(reply && destinationOf(request, reply)).toEqual({ address: '10.0.0.100', port: 68 });
  });

  test('of a machine that no record knows, for a free address of ours: acknowledged', () => {
    const { outcome, lease } = new PureServer().answer(
      aMessage('request', { dhcpRequestedAddress: '10.0.0.102' }),
    );
    expect([outcome, lease?.address]).toEqual(['ack', '10.0.0.102']);
  });
});

describe('DECLINE, RELEASE, INFORM', () => {
  test('a declined address is quarantined, and the machine gets another', () => {
    const server = new PureServer();
    server.acquire(MAC);
    const decline = aMessage('decline', { ...OURS, dhcpRequestedAddress: '10.0.0.100' });
    expect(server.answer(decline)).toMatchObject({ outcome: 'decline', reply: null, durable: true });
    expect(server.acquire(MAC)).toBe('10.0.0.101');
    server.nowMs += HOUR_MS;
    expect(server.acquire(mac(3), { dhcpRequestedAddress: '10.0.0.100' })).toBe('10.0.0.100');
  });

  test('nobody else can decline it', () => {
    const server = new PureServer();
    server.acquire(MAC);
    const forged = aMessage('decline', { ...OURS, dhcpRequestedAddress: '10.0.0.100' }, { chaddr: OTHER });
    expect(server.answer(forged)).toMatchObject({ outcome: 'silence', lease: null });
  });

  test('a reservation that was declined is not insisted on', () => {
    const server = new PureServer([aNode({ address: '10.0.0.20' })]);
    server.acquire(MAC);
    server.answer(aMessage('decline', { ...OURS, dhcpRequestedAddress: '10.0.0.20' }));
    expect(server.acquire(MAC)).toBe('10.0.0.100');
  });

  test('a released address is kept for its machine while there are others', () => {
    const server = new PureServer();
    server.acquire(MAC);
    const release = server.answer(aMessage('release', OURS, { ciaddr: '10.0.0.100' }));
    expect(release).toMatchObject({ outcome: 'release', durable: true, lease: { state: 'released' } });
    expect(server.acquire(OTHER)).toBe('10.0.0.101');
    expect(server.acquire(MAC)).toBe('10.0.0.100');
  });

  test('nobody else can release it', () => {
    const server = new PureServer();
    server.acquire(MAC);
    expect(
      server.answer(aMessage('release', OURS, { ciaddr: '10.0.0.100', chaddr: OTHER })).lease,
    ).toBeNull();
  });

  test('INFORM gets facts, but no address and no lease', () => {
    const { reply, lease } = new PureServer().answer(aMessage('inform', {}, { ciaddr: '10.0.0.77' }));
    expect([reply?.yiaddr, reply?.options.dhcpLeaseTime, reply?.options.subnetMask, lease]).toEqual([
      '0.0.0.0',
      undefined,
      '255.255.255.0',
      null,
    ]);
  });
});

describe('silence', () => {
  test.each([
    ['a reply', aMessage('discover', {}, { op: 2 })],
    ['BOOTP', { ...aMessage('discover'), options: {} }],
    ['an offer', aMessage('offer')],
    ['a request for nothing', aMessage('request')],
    ['an INFORM without address', aMessage('inform')],
  ])('to %s', (_, request) => {
    expect(new PureServer().answer(request)).toMatchObject({ reply: null, lease: null, outcome: 'silence' });
  });

  test('to a machine that is refused', () => {
    expect(new PureServer().answer(aMessage('discover'), 'rejected')).toMatchObject({
      reply: null,
      lease: null,
      reason: 'rejected',
    });
  });
});

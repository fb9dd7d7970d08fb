import { describe, expect, test } from 'vitest';
import type { BootSegment } from '../../src/boot/boot-segment.ts';
import type { BootArtefacts } from '../../src/boot/network-boot.ts';
import { answerDatagram, type DhcpLink } from '../../src/boot/serve-dhcp.ts';
import type { Lease } from '../../src/core/lease.ts';
import { UnknownGuard } from '../../src/core/unknown-guard.ts';
import { UNLIMITED } from '../../src/core/unknown-limits.ts';
import { type DhcpMessage, decodeDhcp, encodeDhcp, MESSAGE_TYPE } from '../../src/wire/dhcp-message.ts';
import type { DhcpOptions } from '../../src/wire/dhcp-options.ts';
import { aNode, anIntent } from '../core/boot-samples.ts';
import { aMessage } from '../core/dhcp-samples.ts';
import type { FakeLeaseStore } from '../store/fake-lease-store.ts';
import { aSegment, MAC } from './a-segment.ts';

const artefacts: BootArtefacts = {
  programs: { 'snponly.efi': '/f', 'undionly.kpxe': '/f' },
  agent: { kernel: '/k', initramfs: '/i' },
  images: {},
  tools: {},
  raspberryPiDir: null,
  ironic: null,
};
const OURS = { dhcpServerIdentifier: '127.0.0.1' };
/** What OVMF sends, as in capture u_full_60_43. */
const OVMF: DhcpOptions = {
  vendorClassIdentifier: 'PXEClient:Arch:00007:UNDI:003000',
  clientSystem: [7],
  uuidGuid: new Uint8Array(17),
};
const LITTLE_ENDIAN_UUID = Uint8Array.from([0, 4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16]);

const linkOf = (...segments: readonly BootSegment[]): DhcpLink => ({
  interface: 'lo',
  segments,
  guard: new UnknownGuard(UNLIMITED, { poolNodes: () => 0, nameByMac: () => null, reservedBy: () => null }),
  ownAddresses: new Set(segments.map(({ network }) => network.address)),
});

/** A DHCP server whose socket only notes what it is given. */
function server(setup: object = {}) {
  const { segment, events } = aSegment({ artefacts, ...setup });
  const sent: { message: DhcpMessage; to: string }[] = [];
  const send = (bytes: Uint8Array, port: number, address: string) => {
    const message = decodeDhcp(bytes);
    if (message.ok) sent.push({ message: message.value, to: `${address}:${port}` });
  };
  const say = (message: DhcpMessage) =>
    answerDatagram(
      { bytes: encodeDhcp(message), from: { address: '0.0.0.0', port: 68 } },
      { link: linkOf(segment), service: 'dhcp', to: null, send },
    );
  return { segment, events, sent, say };
}

describe('one exchange', () => {
  test('OVMF, unknown to us, is offered iPXE by broadcast, with its UUID echoed', async () => {
    const { say, sent, events } = server();
    await say(aMessage('discover', OVMF));
    expect(sent).toMatchObject([
      {
        to: '255.255.255.255:68',
        message: {
          yiaddr: '127.0.0.100',
          siaddr: '127.0.0.1',
          file: 'snponly.efi',
          options: {
            dhcpMessageType: MESSAGE_TYPE.offer,
            vendorClassIdentifier: 'PXEClient',
            uuidGuid: OVMF.uuidGuid,
          },
        },
      },
    ]);
    expect(events).toMatchObject([
      { stage: 'dhcp offer', decision: 'tftp', mac: MAC, address: '127.0.0.100', arch: 7, node: null },
    ]);
  });

  test('a machine known by its UUID only, in SMBIOS’s byte order, is no unknown machine', async () => {
    const node = aNode({ macs: ['02:00:00:00:00:09'], uuid: '01020304-0506-0708-090a-0b0c0d0e0f10' });
    const { say, events } = server({ nodes: [node] });
    await say(aMessage('discover', { ...OVMF, uuidGuid: LITTLE_ENDIAN_UUID }));
    expect(events).toMatchObject([
      { decision: 'local-disk', reason: expect.stringContaining('node n1: no boot intent') },
    ]);
  });

  test.each([
    [[150], ['127.0.0.1']],
    [[1, 3], undefined],
  ])('a machine that asks for options %j is told TFTP servers %j', async (asked, expected) => {
    const { say, sent } = server();
    await say(aMessage('discover', { ...OVMF, dhcpParameterRequestList: asked }));
    expect(sent[0]?.message.options.tftpServerAddress).toEqual(expected);
  });

  test('a plain client gets an address and nothing to boot', async () => {
    const { say, sent, events } = server();
    await say(aMessage('discover'));
    expect([sent[0]?.message.file, sent[0]?.message.options.vendorClassIdentifier]).toEqual(['', undefined]);
    expect(events).toMatchObject([{ stage: 'dhcp offer', decision: 'address' }]);
  });

  test('a rejected machine gets no answer, and that is told', async () => {
    const { say, sent, events } = server({
      nodes: [aNode({ approval: 'rejected' })],
      intent: anIntent('deploy'),
    });
    await say(aMessage('discover', OVMF));
    expect(sent).toEqual([]);
    expect(events).toMatchObject([{ stage: 'dhcp ignored', reason: 'node n1 was rejected' }]);
  });
});

describe('an acknowledged lease is on disk first', () => {
  const request = aMessage('request', { ...OVMF, ...OURS, dhcpRequestedAddress: '127.0.0.100' });

  test('the ACK waits for the store', async () => {
    const { say, sent, segment } = server();
    const written = Promise.withResolvers<readonly Lease[]>();
    segment.deps.leases.commit = () => written.promise;
    await say(aMessage('discover', OVMF));
    const answered = say(request);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(sent.length).toBe(1);
    written.resolve([]);
    await answered;
    expect(sent[1]?.message.options.dhcpMessageType).toBe(MESSAGE_TYPE.ack);
  });

  test('and holds what was acknowledged', async () => {
    const { say, segment } = server();
    await say(request);
    expect(await segment.deps.leases.load()).toMatchObject([
      { mac: MAC, address: '127.0.0.100', state: 'bound' },
    ]);
  });

  test('an offer is not stored', async () => {
    const { say, segment } = server();
    await say(aMessage('discover', OVMF));
    expect(await segment.deps.leases.load()).toEqual([]);
  });

  test('a machine whose address another seed gave away first is sent to ask again, and gets another', async () => {
    const { say, sent, segment, events } = server();
    const winner: Lease = {
      network: 'loopback',
      address: '127.0.0.100',
      mac: '52:54:00:99:00:02',
      state: 'bound',
      expiresAtMs: Date.now() + 60_000,
      uuid: null,
      hostname: null,
    };
    await say(aMessage('discover', OVMF));
    segment.deps.leases.commit = async () => [winner];
    await say(request);
    await say(aMessage('discover', OVMF));
    expect(sent.map(({ message }) => [message.options.dhcpMessageType, message.yiaddr])).toEqual([
      [MESSAGE_TYPE.offer, '127.0.0.100'],
      [MESSAGE_TYPE.nak, '0.0.0.0'],
      [MESSAGE_TYPE.offer, '127.0.0.101'],
    ]);
    expect(segment.leases.byAddress('127.0.0.100')).toEqual(winner);
    expect(events[1]).toMatchObject({ stage: 'dhcp nak', reason: expect.stringContaining('another seed') });
  });

  test('a store that fails means no ACK', async () => {
    const { say, sent, segment, events } = server();
    (segment.deps.leases as FakeLeaseStore).broken = true;
    await expect(say(request)).rejects.toThrow('the disk is full');
    expect([sent, events]).toEqual([[], []]);
  });
});

test('what is no DHCP is survived', async () => {
  const { segment } = server();
  const send = () => expect.unreachable();
  for (const bytes of [new Uint8Array(), new Uint8Array(300), Uint8Array.from({ length: 240 }, () => 99)])
    await answerDatagram(
      { bytes, from: { address: '127.0.0.1', port: 68 } },
      { link: linkOf(segment), service: 'dhcp', to: null, send },
    );
});

describe('every packet is an event', () => {
  test('with its type and transaction', async () => {
    const { say, events } = server();
    const request = aMessage('discover', OVMF);
    await say(request);
    expect(events).toMatchObject([{ message: 'DISCOVER', xid: request.xid }]);
  });

  test('a renewal is told from a lease that is new', async () => {
    const { say, events } = server();
    await say(aMessage('request', { ...OURS, dhcpRequestedAddress: '127.0.0.100' }));
    await say({ ...aMessage('request'), ciaddr: '127.0.0.100' });
    expect(events.map(({ stage, decision }) => `${stage}: ${decision}`)).toEqual([
      'dhcp ack: address',
      'dhcp ack: renewal',
    ]);
  });

  test('a plain client’s that is not answered, too', async () => {
    const { say, events } = server();
    await say(aMessage('request', { dhcpServerIdentifier: '127.0.0.9', dhcpRequestedAddress: '127.0.0.1' }));
    expect(events).toMatchObject([
      { stage: 'dhcp elsewhere', reason: 'the machine chose the server 127.0.0.9' },
    ]);
  });

  test('one that is cut off, with the MAC address where the header has one', async () => {
    const { segment, events } = aSegment({ artefacts });
    const port = { link: linkOf(segment), service: 'dhcp' as const, to: null, send: () => {} };
    const whole = encodeDhcp(aMessage('discover', OVMF));
    for (const bytes of [whole.subarray(0, 100), whole.subarray(0, 20)])
      await answerDatagram({ bytes, from: { address: '0.0.0.0', port: 68 } }, port);
    expect(events).toMatchObject([
      { stage: 'dhcp malformed', mac: MAC, bytes: 100 },
      { stage: 'dhcp malformed', mac: null, bytes: 20 },
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import type { BootArtefacts } from '../../src/boot/network-boot.ts';
import { answerDatagram6, segment6 } from '../../src/boot/serve-dhcp6.ts';
import { leaseTable6 } from '../../src/boot/serve-ipv6.ts';
import { ascii } from '../../src/wire/dhcp-codec.ts';
import {
  type Dhcp6Message,
  type Dhcp6RelayMessage,
  decodeDhcp6,
  encodeDhcp6,
  isRelayMessage,
  MESSAGE_TYPE6,
} from '../../src/wire/dhcp6-message.ts';
import type { Dhcp6Options } from '../../src/wire/dhcp6-options.ts';
import { aNode, anIntent } from '../core/boot-samples.ts';
import { aMessage6, anIa, NETWORK6, SERVER_ID } from '../core/dhcp6-samples.ts';
import { aSegment, MAC } from './a-segment.ts';

const artefacts: BootArtefacts = {
  programs: { 'snponly.efi': '/f' },
  agent: { kernel: '/k', initramfs: '/i' },
  images: {},
  tools: {},
  raspberryPiDir: null,
  ironic: null,
};
/** The link-local address that MAC makes. */
const SENDER = 'fe80::5054:ff:fe99:1';
const firmware = (name: string, arch: number): Dhcp6Options => ({
  clientid: Uint8Array.from([0, 4, 4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16]),
  iaNa: [anIa(1)],
  oro: [59, 60, 23, 16],
  clientArchType: [arch],
  vendorClass: { enterprise: 343, classes: [ascii.encode(`${name}:Arch:0000${arch % 10}:UNDI:003000`)] },
});

/** A DHCPv6 server whose socket only notes what it is given. */
function server(setup: object = {}) {
  const { segment, events } = aSegment({ artefacts, ...setup });
  const leases = leaseTable6('loopback', NETWORK6, []);
  const own = segment6({ ...segment, leases6: leases }, NETWORK6, leases, SERVER_ID);
  const sent: { message: Dhcp6Message | Dhcp6RelayMessage; to: string }[] = [];
  const send = (bytes: Uint8Array, port: number, address: string) => {
    const message = decodeDhcp6(bytes);
    if (message.ok) sent.push({ message: message.value, to: `[${address}]:${port}` });
  };
  const say = (message: Dhcp6Message | Dhcp6RelayMessage, address = `${SENDER}%eth1`) =>
    answerDatagram6({ bytes: encodeDhcp6(message), from: { address, port: 546 } }, own, { send });
  return { segment, events, sent, say, own };
}

describe('one exchange', () => {
  test('OVMF by PXE gets iPXE by TFTP, and no vendor class: with one it would ask port 4011', async () => {
    const { say, sent, events } = server();
    await say(aMessage6('solicit', firmware('PXEClient', 7)));
    expect(sent).toMatchObject([
      {
        to: `[${SENDER}%eth1]:546`,
        message: { type: MESSAGE_TYPE6.advertise, options: { bootfileUrl: 'tftp://[fd77::1]/snponly.efi' } },
      },
    ]);
    expect(sent[0]?.message.options.vendorClass).toBeUndefined();
    expect(events).toMatchObject([
      { stage: 'dhcp6 advertise', decision: 'tftp', mac: MAC, arch: 7, message: 'SOLICIT', xid: 7 },
    ]);
  });

  test('OVMF by HTTP gets a URL with the seed’s IPv6 address', async () => {
    const { say, sent } = server();
    await say(aMessage6('solicit', firmware('HTTPClient', 16)));
    expect(sent[0]?.message.options.bootfileUrl).toBe('http://[fd77::1]:8080/boot/snponly.efi');
  });

  test('iPXE gets its script', async () => {
    const { say, sent } = server();
    const ipxe = { ...firmware('PXEClient', 7), userClass: [ascii.encode('iPXE')] };
    await say(aMessage6('solicit', ipxe));
    expect(sent[0]?.message.options.bootfileUrl).toBe('http://[fd77::1]:8080/boot/7/52-54-00-99-00-01.ipxe');
  });

  test('a node is known by its UUID, in either byte order, and sent to its disk without an intent', async () => {
    const node = aNode({ macs: ['02:00:00:00:00:09'], uuid: '01020304-0506-0708-090a-0b0c0d0e0f10' });
    const disk = server({ nodes: [node] });
    await disk.say(aMessage6('solicit', firmware('PXEClient', 7)));
    expect(disk.sent[0]?.message.options.bootfileUrl).toBe('tftp://[fd77::1]/boot/local-disk.efi');
    const boot = server({ nodes: [node], intent: anIntent('discover', 1e14) });
    await boot.say(aMessage6('solicit', firmware('PXEClient', 7)));
    expect(boot.sent[0]?.message.options.bootfileUrl).toBe('tftp://[fd77::1]/snponly.efi');
  });

  test('an address is on the disk before it is acknowledged; if it cannot be, nothing is said', async () => {
    const { say, sent, segment } = server();
    const request = aMessage6('request', { serverid: SERVER_ID, iaNa: [anIa(1)] });
    const { commit } = segment.deps.leases;
    const order: string[] = [];
    segment.deps.leases.commit = async (batch) => {
      order.push(`commit ${batch[0]?.network} ${sent.length}`);
      return commit.call(segment.deps.leases, batch);
    };
    await say(request);
    expect([order, sent.length]).toEqual([['commit loopback/ipv6 0'], 1]);
    segment.deps.leases.commit = () => Promise.reject(new Error('disk full'));
    await expect(say(request)).rejects.toThrow('disk full');
    expect(sent).toHaveLength(1);
  });
});

describe('relays', () => {
  const wrap = (
    inner: Dhcp6Message | Dhcp6RelayMessage,
    over: Partial<Dhcp6RelayMessage>,
    options: Dhcp6Options,
  ) => ({
    type: MESSAGE_TYPE6.relayForw,
    hopCount: 0,
    linkAddress: 'fd77::fe',
    peerAddress: 'fe80::1:2:3',
    options: { relayMsg: encodeDhcp6(inner), ...options },
    ...over,
  });

  test('the answer goes back the way the question came, and the relay’s word on the MAC counts', async () => {
    const { say, sent, events } = server();
    const interfaceId = ascii.encode('port 7');
    const near = wrap(
      aMessage6('solicit', firmware('PXEClient', 7)),
      {},
      { interfaceId, clientLinklayerAddr: { type: 1, address: '02:00:00:00:00:77' } },
    );
    await say(wrap(near, { hopCount: 1, linkAddress: '::', peerAddress: 'fd77::fe' }, {}), 'fd77::ff');
    const [{ message: outer, to } = { message: null, to: '' }] = sent;
    expect([to, outer]).toMatchObject(['[fd77::ff]:547', { type: MESSAGE_TYPE6.relayRepl, hopCount: 1 }]);
    const inner = decodeDhcp6(outer?.options.relayMsg ?? new Uint8Array());
    if (!inner.ok || !isRelayMessage(inner.value)) throw new Error('no relay’s message in it');
    expect(inner.value).toMatchObject({ hopCount: 0, peerAddress: 'fe80::1:2:3', options: { interfaceId } });
    expect(decodeDhcp6(inner.value.options.relayMsg ?? new Uint8Array())).toMatchObject({
      ok: true,
      value: { type: MESSAGE_TYPE6.advertise },
    });
    expect(events).toMatchObject([{ mac: '02:00:00:00:00:77' }]);
  });

  test.each([
    ['from another network', wrap(aMessage6('solicit'), { linkAddress: 'fd99::1' }, {})],
    ['with nothing in it', { ...wrap(aMessage6('solicit'), {}, {}), options: {} }],
    ['a relay’s answer', wrap(aMessage6('solicit'), { type: MESSAGE_TYPE6.relayRepl }, {})],
    [
      'through too many',
      Array.from({ length: 12 }).reduce<Dhcp6Message | Dhcp6RelayMessage>(
        (inner) => wrap(inner, {}, {}),
        aMessage6('solicit'),
      ),
    ],
  ])('%s is not answered', async (_, message) => {
    const { say, sent, events } = server();
    await say(message, 'fd77::ff');
    expect([sent, events]).toMatchObject([[], [{ stage: 'dhcp6 malformed', address: 'fd77::ff' }]]);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MESSAGE_TYPE } from '../../src/wire/dhcp-message.ts';
import { aNode, anIntent } from '../core/boot-samples.ts';
import { DhcpLab, MACS, NETWORKS } from './dhcp-lab.ts';

const whyNot = DhcpLab.whyNot();
if (whyNot !== null) console.warn(`not run: ${whyNot}`);

describe.skipIf(whyNot !== null)('DHCP on several networks', () => {
  const lab = new DhcpLab();
  let stop: (() => Promise<void>) | null = null;
  const serve = async (...args: Parameters<DhcpLab['serve']>) => {
    stop = await lab.serve(...args);
  };
  beforeAll(async () => {
    await lab.open();
    lab.startRelay();
    lab.startDnsmasq();
  }, 60_000);
  afterEach(async () => {
    await stop?.();
    stop = null;
  });
  afterAll(() => lab.close());

  const { a, b, far, p } = NETWORKS;

  test('each wire is answered by its own network, a relayed one by its relay, from one process', async () => {
    await serve({ networks: [a, b, far] });
    const got = await Promise.all([lab.dhclient('a'), lab.dhclient('b'), lab.dhclient('far')]);
    expect(got.map((address) => address?.replace(/\d+$/, ''))).toEqual(['10.71.0.', '10.72.0.', '10.73.0.']);
    for (const [client, network] of [
      ['a', 'a'],
      ['b', 'b'],
      ['far', 'far'],
    ] as const) {
      const networks = new Set(lab.events(MACS[client]).map((event) => event['network']));
      expect([...networks]).toEqual([network]);
    }
  }, 60_000);

  test('a machine behind the relay boots from the address that the relay reached, and renews past it', async () => {
    await serve({ networks: [a, far] });
    const mac = MACS.far;
    const { replies } = await lab.ask('far', { type: 'discover', mac, arch: 7 });
    expect(replies).toMatchObject([
      {
        type: MESSAGE_TYPE.offer,
        serverId: '10.71.0.1',
        message: { siaddr: '10.71.0.1', file: 'snponly.efi' },
      },
    ]);
    const requested = replies[0]?.message.yiaddr ?? '';
    const request = { type: 'request', mac, requested, serverId: '10.71.0.1' } as const;
    expect((await lab.ask('far', request)).replies).toMatchObject([{ type: MESSAGE_TYPE.ack }]);
    await lab.configure('far', requested, '10.73.0.254');
    const renewal = await lab.ask('far', { type: 'request', mac, ciaddr: requested, to: '10.71.0.1' });
    // isc-dhcp-relay hears what is routed past it too, and relays a second copy: that one's answer comes by the relay.
    expect(renewal.replies).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...{ from: '10.71.0.1:67', type: MESSAGE_TYPE.ack },
          message: expect.objectContaining({ yiaddr: requested, giaddr: '0.0.0.0' }),
        }),
      ]),
    );
    await lab.deconfigure('far');
  }, 60_000);

  test('a machine that was moved to another wire is told so: NAK', async () => {
    await serve({ networks: [a, b, far] });
    for (const [client, requested] of [
      ['b', '10.73.0.100'],
      ['far', '10.72.0.100'],
    ] as const) {
      const { replies } = await lab.ask(client, { type: 'request', mac: MACS[client], requested });
      expect(replies).toMatchObject([{ type: MESSAGE_TYPE.nak }]);
    }
  }, 60_000);

  test('two subnets on one wire: nodes by reservation, others where there is room', async () => {
    const wire = { interface: 'bsDb0', wire: 'bsDb0' };
    const small = { ...b, pools: [{ start: '10.72.0.100', end: '10.72.0.100' }] };
    const second = {
      ...{ ...b, ...wire, name: 'b2', address: '10.75.0.1', subnet: '10.75.0.0' },
      pools: [{ start: '10.75.0.100', end: '10.75.0.100' }],
    };
    const mac = '52:54:00:71:01:01';
    await serve({ networks: [small, second], nodes: [aNode({ macs: [mac], address: '10.75.0.20' })] });
    const offered = async (from: string) =>
      (await lab.ask('b', { type: 'discover', mac: from })).replies[0]?.message.yiaddr;
    expect(await offered(mac)).toBe('10.75.0.20');
    expect(await offered('52:54:00:71:01:02')).toBe('10.72.0.100');
    expect(await offered('52:54:00:71:01:03')).toBe('10.75.0.100');
    expect(await offered('52:54:00:71:01:04')).toBeUndefined();
    expect(lab.events('52:54:00:71:01:04')).toMatchObject([{ stage: 'dhcp exhausted' }]);
  }, 60_000);

  test('beside dnsmasq: the address is dnsmasq’s, the boot file the seed’s, by offer and at port 4011', async () => {
    await serve({ networks: [p] });
    const mac = MACS.p;
    const { replies } = await lab.ask('p', { type: 'discover', mac, arch: 7, listenMs: 4000 });
    const [proxy] = replies.filter(({ serverId }) => serverId === '10.74.0.2');
    const [other] = replies.filter(({ serverId }) => serverId === '10.74.0.1');
    expect(proxy).toMatchObject({
      ...{ from: '10.74.0.2:67', type: MESSAGE_TYPE.offer, vendorClass: 'PXEClient', hasOption43: true },
      message: { yiaddr: '0.0.0.0', siaddr: '10.74.0.2', file: 'snponly.efi' },
    });
    const requested = other?.message.yiaddr ?? '';
    expect(requested).toMatch(/^10\.74\.0\.1\d\d$/);
    const acks = await lab.ask('p', { type: 'request', mac, arch: 7, requested, serverId: '10.74.0.1' });
    expect(acks.replies.map(({ serverId }) => serverId)).toEqual(['10.74.0.1']);
    await lab.configure('p', requested);
    const asked = { type: 'request', mac, arch: 7, ciaddr: requested, to: '10.74.0.2' } as const;
    const pxe = await lab.ask('p', { ...asked, fromPort: 4011, toPort: 4011 });
    expect(pxe.replies).toMatchObject([
      { from: '10.74.0.2:4011', type: MESSAGE_TYPE.ack, message: { file: 'snponly.efi' } },
    ]);
    const fromIpxe = await lab.ask('p', { ...asked, fromPort: 68, toPort: 4011, userClass: 'iPXE' });
    expect(fromIpxe.replies[0]?.message.file).toBe('http://10.74.0.2:8080/boot/7/52-54-00-71-00-0d.ipxe');
    await lab.deconfigure('p');
    expect(lab.events(mac).map(({ stage, address }) => [stage, address])).toEqual([
      ['dhcp offer', null],
      ['dhcp elsewhere', requested],
      ['dhcp ack', requested],
      ['dhcp ack', requested],
    ]);
  }, 60_000);

  test('observed only: not a word on the wire, and what would have been said in the trace', async () => {
    const watched = { ...a, observe: true };
    const nodes = [aNode({ macs: [MACS.a] })];
    await serve({ networks: [watched], nodes, intents: { [MACS.a]: anIntent('deploy', 1e12) } });
    const heard = [];
    for (let tries = 0; tries < 5 && lab.events(MACS.a).length === 0; tries++)
      heard.push(...(await lab.ask('a', { type: 'discover', mac: MACS.a, arch: 7 })).replies);
    expect(heard).toEqual([]);
    expect(lab.events(MACS.a)[0]).toMatchObject({
      ...{ stage: 'dhcp observed', decision: 'tftp' },
      address: expect.stringMatching(/^10\.71\.0\.1/),
    });
  }, 60_000);
});

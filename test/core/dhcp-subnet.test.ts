import { describe, expect, test } from 'vitest';
import { chooseSubnet, findSubnets, type Subnet } from '../../src/core/dhcp-subnet.ts';
import { LeaseTable } from '../../src/core/lease-table.ts';
import { aNetwork } from './a-network.ts';
import { aNode, MAC, NOW_MS } from './boot-samples.ts';
import { aMessage } from './dhcp-samples.ts';

const subnet = (name: string, base: string, mode: 'authoritative' | 'relayed', wire: string): Subnet => {
  const network = aNetwork({
    ...{ name, mode, wire, subnet: `${base}.0`, address: mode === 'relayed' ? '10.1.0.1' : `${base}.1` },
    pools: [{ start: `${base}.100`, end: `${base}.101` }],
  });
  return { network, leases: new LeaseTable(network) };
};
const SITE = () => {
  const [a, b] = [
    subnet('a', '10.1.0', 'authoritative', 'eth1'),
    subnet('b', '10.2.0', 'authoritative', 'eth1'),
  ];
  const [far, farther] = [
    subnet('far', '10.3.0', 'relayed', 'far'),
    subnet('farther', '10.4.0', 'relayed', 'far'),
  ];
  return { a, b, far, farther, served: [a, b, far, farther] };
};
const linkSelection = (linkSelection: string) => ({
  ...{ circuitId: null, remoteId: null, subscriberId: null, serverIdOverride: null, relayId: null },
  linkSelection,
});
const names = (request: Parameters<typeof findSubnets>[0], to: string | null = null, link?: string) => {
  const found = findSubnets(request, link ? linkSelection(link) : null, to, SITE().served);
  return found.ok ? found.value.map(({ network }) => network.name) : found.reason;
};

describe('the wire that a request came from', () => {
  test.each([
    ['no relay', {}, null, ['a', 'b']],
    ['a relay, with all subnets of its wire', { giaddr: '10.4.0.254' }, '10.1.0.1', ['far', 'farther']],
    ['a relay on the seed’s own wire', { giaddr: '10.2.0.9' }, '10.1.0.1', ['a', 'b']],
    ['a machine behind routers that renews', { ciaddr: '10.3.0.100' }, '10.1.0.1', ['far']],
    ['the same by broadcast: it was plugged in elsewhere', { ciaddr: '10.3.0.100' }, null, ['a', 'b']],
    ['a renewal on the wire', { ciaddr: '10.1.0.100' }, '10.1.0.1', ['a', 'b']],
  ])('by %s', (_, header, to, want) => {
    expect(names(aMessage('request', {}, header), to)).toEqual(want);
  });

  test('by RFC 3527’s link selection rather than by giaddr, which then is only where the relay is', () => {
    const request = aMessage('discover', {}, { giaddr: '192.0.2.7' });
    expect(names(request, null, '10.3.0.0')).toEqual(['far', 'farther']);
    expect(names(request)).toBe('relayed by 192.0.2.7, and no network served here has 192.0.2.7');
  });

  test('is none where only relays come', () => {
    const { far } = SITE();
    expect(findSubnets(aMessage('discover'), null, null, [far])).toMatchObject({ ok: false });
  });
});

describe('of several subnets on one wire', () => {
  const context = { node: null, reservedForOther: () => false, nowMs: NOW_MS };
  const lease = (network: string, address: string, mac: string) => ({
    ...{ network, address, mac, uuid: null, hostname: null },
    ...{ state: 'bound' as const, expiresAtMs: NOW_MS + 1000 },
  });
  const fill = ({ network, leases }: Subnet) => {
    const base = network.subnet.slice(0, -1);
    for (const host of [100, 101])
      leases.put(lease(network.name, `${base}${host}`, `02:00:00:00:00:${host - 90}`));
  };
  const chosen = (request: Parameters<typeof chooseSubnet>[0], subnets: Subnet[], over: object = {}) =>
    chooseSubnet(request, subnets, { ...context, ...over }).network.name;

  test('an unknown machine gets the first that has room', () => {
    const { a, b } = SITE();
    expect(chosen(aMessage('discover'), [a, b])).toBe('a');
    fill(a);
    expect(chosen(aMessage('discover'), [a, b])).toBe('b');
    fill(b);
    expect(chosen(aMessage('discover'), [a, b])).toBe('a'); // which says that it is exhausted
  });

  test('a node gets that of its reservation, and a machine that of its last address', () => {
    const { a, b } = SITE();
    expect(chosen(aMessage('discover'), [a, b], { node: aNode({ address: '10.2.0.20' }) })).toBe('b');
    b.leases.put(lease('b', '10.2.0.100', MAC));
    expect(chosen(aMessage('discover'), [a, b])).toBe('b');
  });

  test('a machine that asks for an address gets the answer of that address’s subnet', () => {
    const { a, b } = SITE();
    expect(chosen(aMessage('request', { dhcpRequestedAddress: '10.2.0.100' }), [a, b])).toBe('b');
    expect(chosen(aMessage('request', {}, { ciaddr: '10.2.0.100' }), [a, b])).toBe('b');
    expect(chosen(aMessage('request', { dhcpRequestedAddress: '192.0.2.1' }), [a, b])).toBe('a');
  });
});

import { describe, expect, test } from 'vitest';
import { bootNetworks } from '../../src/operations/boot-networks.ts';
import { normalCidr6, normalRange6 } from '../../src/site/ipv6.ts';
import { faultsOf, siteOf, siteText } from './sites.ts';

const DHCP = '    dhcp: { mode: authoritative, pool: 10.1.0.100-10.1.0.199 }\n';
const ipv6 = (text: string): readonly [string, string] => [DHCP, `${DHCP}    ipv6: { ${text} }\n`];
const RIGHT =
  'cidr: fd77::/64, address: "fd77::1", dhcp: { mode: authoritative, pool: fd77::1:0-fd77::1:ff }';
const reserve = (address: string): readonly [string, string] => [
  '    address: 10.1.0.12\n',
  `    address: 10.1.0.12\n    address6: "${address}"\n`,
];

describe('the IPv6 side of a network', () => {
  test('reaches the boot servers, with the network’s domain', () => {
    const site = siteOf(ipv6(RIGHT), reserve('FD77:0::0:12'), [
      'gateway:',
      'domain: lab.example\n    gateway:',
    ]);
    expect(bootNetworks(site)[0]?.ipv6).toEqual({
      address: 'fd77::1',
      prefixLength: 64,
      dns: [],
      domain: 'lab.example',
      poolStart: 'fd77::1:0',
      poolEnd: 'fd77::1:ff',
      leaseSeconds: 3600,
      mode: 'authoritative',
    });
    expect(site.nodes[1]?.address6).toBe('fd77::12');
  });

  test('is absent unless asked for', () => {
    expect(bootNetworks(siteOf())[0]).not.toHaveProperty('ipv6');
  });

  test.each<[string, readonly (readonly [string, string])[], string]>([
    [
      'an address outside',
      [ipv6(RIGHT.replace('"fd77::1"', '"fd78::1"'))],
      'networks.prov.ipv6.address: fd78::1 is not in fd77::/64',
    ],
    [
      'a pool outside',
      [ipv6(RIGHT.replace('fd77::1:0-fd77::1:ff', 'fd78::1:0-fd78::1:ff'))],
      'networks.prov.ipv6.dhcp.pool: fd78::1:0-fd78::1:ff is not inside fd77::/64',
    ],
    [
      'the seed in the pool',
      [ipv6(RIGHT.replace('"fd77::1"', '"fd77::1:9"'))],
      "networks.prov.ipv6.dhcp.pool: holds the seed's own address fd77::1:9: it would be leased to a machine",
    ],
    [
      'a reserved address in the pool',
      [ipv6(RIGHT), reserve('fd77::1:9')],
      'nodes[1].address6: fd77::1:9 is in the pool of "prov": reserve one outside of it',
    ],
    [
      'a reserved address without a network',
      [reserve('fd77::9')],
      'nodes[1].address6: fd77::9 is in no provisioning network (none has "ipv6")',
    ],
    [
      "the seed's address reserved",
      [ipv6(RIGHT), reserve('fd77::1')],
      "nodes[1].address6: fd77::1 is the seed's own address",
    ],
    [
      'an IPv4 address',
      [ipv6(RIGHT.replace('"fd77::1"', '10.1.0.1'))],
      'networks.prov.ipv6.address: want an IPv6 address like fd77::1, got "10.1.0.1"',
    ],
    [
      'on a network of another purpose',
      [['address: 10.2.0.1 }', `address: 10.2.0.1, ipv6: { ${RIGHT} } }`]],
      'networks.mgmt.ipv6: only a provisioning network that the seed is in has it',
    ],
  ])('%s is an error', (_, replace, expected) => {
    expect(faultsOf(siteText(...replace)).map((line) => line.replace(/^site\.yaml:\d+ /, ''))).toEqual([
      expected,
    ]);
  });
});

test.each([
  ['FD77:0::/64', 'fd77::/64'],
  ['::/1', '::/1'],
  ['fd77::1/128', 'fd77::1/128'],
  ['fd77::1/64', null],
  ['fd77::/0', null],
  ['fd77::/129', null],
  ['fd77::', null],
  ['10.0.0.0/8', null],
])('network %s', (text, expected) => {
  expect(normalCidr6(text)).toBe(expected);
});

test('a pool is as wide as a search may walk', () => {
  expect(normalRange6('fd77::-fd77::ffff')).toEqual({ start: 'fd77::', end: 'fd77::ffff' });
  expect([normalRange6('fd77::-fd77::1:0'), normalRange6('fd77::2-fd77::1'), normalRange6('fd77::')]).toEqual(
    [null, null, null],
  );
});

import { describe, expect, test } from 'vitest';
import { bootNetworks } from '../../src/operations/boot-networks.ts';
import { faultsOf, siteOf, siteText } from './sites.ts';

const DHCP = '{ mode: authoritative, pool: 10.1.0.100-10.1.0.199 }';
const dhcp = (text: string): [string, string] => [DHCP, text];
const network = (text: string): [string, string] => ['  mgmt:', `${text}\n  mgmt:`];
const FAR =
  '  far: { purpose: provisioning, cidr: 10.4.0.0/24, gateway: 10.4.0.254, dhcp: { mode: relayed, pool: 10.4.0.100-10.4.0.199 } }';

describe('what cannot be served is told', () => {
  test.each([
    [
      'a proxy with a pool',
      dhcp('{ mode: proxy, pool: 10.1.0.100-10.1.0.199 }'),
      'networks.prov.dhcp.pool: does not go with the kind or mode that is given here',
    ],
    [
      'ranges that overlap',
      dhcp('{ mode: authoritative, pool: [10.1.0.100-10.1.0.199, 10.1.0.150-10.1.0.209] }'),
      'networks.prov.dhcp.pool: 10.1.0.150-10.1.0.209 overlaps with 10.1.0.100-10.1.0.199',
    ],
    [
      'an exclusion of nothing',
      dhcp('{ mode: authoritative, pool: 10.1.0.100-10.1.0.199, exclude: [10.1.0.99] }'),
      'networks.prov.dhcp.exclude[0]: 10.1.0.99 is in no range of the pool',
    ],
    [
      'a pool of nothing',
      dhcp('{ mode: authoritative, pool: 10.1.0.100-10.1.0.199, exclude: [10.1.0.1-10.1.0.254] }'),
      'networks.prov.dhcp.pool: nothing of it is left: all is excluded',
    ],
    [
      'an option that is the seed’s own',
      dhcp('{ mode: authoritative, pool: 10.1.0.100-10.1.0.199, options: [{ code: 67, text: x }] }'),
      "networks.prov.dhcp.options[0].code: 67 is the seed's own: it says what each machine boots",
    ],
    [
      'an option of two values',
      dhcp(
        '{ mode: authoritative, pool: 10.1.0.100-10.1.0.199, options: [{ code: 100, text: x, hex: "01" }] }',
      ),
      'networks.prov.dhcp.options[0]: want exactly one of text, hex, ipv4 and number',
    ],
    [
      'a relayed network with an interface',
      network(FAR.replace('gateway:', 'interface: eth9, gateway:')),
      'networks.far.interface: a relayed network is behind routers: the seed is not in it',
    ],
    [
      'a relayed network without a router',
      network(FAR.replace('gateway: 10.4.0.254, ', '')),
      'networks.far.gateway: a relayed network needs it: its machines reach the seed through a router',
    ],
    [
      'a relayed network that overlaps',
      network(FAR.replace('10.4.0.0/24', '10.0.0.0/8')),
      'networks.far.cidr: 10.0.0.0/8 overlaps with 10.1.0.0/24 of "prov"',
    ],
    [
      'relays that reach the seed nowhere',
      network(FAR.replace('mode: relayed', 'mode: relayed, via: [prov, mgmt]')),
      'networks.far.dhcp.via[1]: "mgmt" is no provisioning network that the seed is in; there are prov',
    ],
    [
      'two modes on one wire',
      network(
        '  more: { purpose: provisioning, cidr: 10.4.0.0/24, interface: eth1, address: 10.4.0.1, dhcp: { mode: proxy } }',
      ),
      'networks.more.dhcp.mode: "prov" is on the same wire with mode authoritative: one wire has one mode',
    ],
    [
      'a switch port twice',
      [
        '    serial: SN1\n    bmc: 10.2.0.11\n  - name: n2\n',
        '    switchPort: { circuitId: p1 }\n    bmc: 10.2.0.11\n  - name: n2\n    switchPort: { circuitId: p1 }\n',
      ] as [string, string],
      'nodes[1].switchPort: port p1 is that of node "n1" too',
    ],
  ] as const)('%s', (_, change, want) => {
    const [first = ''] = faultsOf(siteText(change));
    expect(first.replace(/^site\.yaml:\d+ /, '')).toBe(want);
  });
});

describe('the boot servers get', () => {
  test('a pool without its exclusions, and the options as bytes', () => {
    const [prov] = bootNetworks(
      siteOf(
        dhcp(
          '{ mode: authoritative, pool: 10.1.0.100-10.1.0.199, exclude: [10.1.0.110, 10.1.0.120-10.1.0.129], ' +
            'options: [{ code: 100, text: ab }, { code: 150, ipv4: 10.1.0.1 }, { code: 23, number: 258, bytes: 2 }, { code: 43, hex: "01:02" }] }',
        ),
      ),
    );
    expect(prov?.pools.map(({ start, end }) => `${start}-${end}`)).toEqual([
      '10.1.0.100-10.1.0.109',
      '10.1.0.111-10.1.0.119',
      '10.1.0.130-10.1.0.199',
    ]);
    expect(prov?.extra.free.map(({ code, value }) => [code, ...value])).toEqual([
      [100, 97, 98],
      [150, 10, 1, 0, 1],
      [23, 1, 2],
      [43, 1, 2],
    ]);
  });

  test('a relayed network by each address of the seed that its relays may reach', () => {
    const networks = bootNetworks(siteOf(network(FAR)));
    expect(
      networks.map(({ name, interface: by, address, subnet, mode }) => [name, by, address, subnet, mode]),
    ).toEqual([
      ['prov', 'eth1', '10.1.0.1', '10.1.0.0', 'authoritative'],
      ['far', 'eth1', '10.1.0.1', '10.4.0.0', 'relayed'],
    ]);
  });
});

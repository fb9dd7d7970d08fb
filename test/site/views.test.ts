import { describe, expect, test } from 'vitest';
import { matchMachine } from '../../src/core/match.ts';
import { ironicRootDevice } from '../../src/site/root-device.ts';
import type { Site, SiteNode } from '../../src/site/site.ts';
import {
  approvesMatch,
  discoversUnknown,
  inFleet,
  isProtected,
  nodeIdentity,
  nodeProfile,
  provisioningNetworkOf,
  provisioningNetworks,
  seedAddressFor,
} from '../../src/site/views.ts';
import { siteOf } from './sites.ts';

const nodeOf = (site: Site, name: string): SiteNode => {
  const node = site.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`no node ${name} in the site of the tests`);
  return node;
};

describe('networks', () => {
  const site = siteOf(
    [
      '  mgmt:',
      '  hall2: { purpose: provisioning, cidr: 10.3.0.0/23, interface: eth3, address: 10.3.1.1, dhcp: { mode: off } }\n  mgmt:',
    ],
    ['10.1.0.12', '10.3.1.12'],
  );

  test('of provisioning are complete and in order', () => {
    expect(provisioningNetworks(site)).toEqual([
      expect.objectContaining({
        name: 'prov',
        interface: 'eth1',
        address: '10.1.0.1',
        prefix: 24,
        gateway: '10.1.0.254',
        dhcp: expect.objectContaining({
          mode: 'authoritative',
          pool: [{ start: '10.1.0.100', end: '10.1.0.199' }],
          leaseSeconds: 3600,
        }),
      }),
      expect.objectContaining({ name: 'hall2', prefix: 23, dhcp: { mode: 'off' } }),
    ]);
  });

  test('tell where a node and an address are at home', () => {
    expect(provisioningNetworkOf(site, nodeOf(site, 'n2')).name).toBe('hall2');
    expect(provisioningNetworkOf(site, nodeOf(site, 'n1')).name).toBe('prov');
    expect(seedAddressFor(site, '10.3.0.77')).toBe('10.3.1.1');
    expect(seedAddressFor(site, '10.2.0.13')).toBe('10.2.0.1');
    expect(seedAddressFor(site, '192.0.2.1')).toBeNull();
  });
});

describe('a node', () => {
  test("has its role's values, and its own in their place or after them", () => {
    const site = siteOf(
      ['{ build: debian }', '{ build: debian, user: admin }'],
      ['bootMode: uefi,', 'bootMode: uefi, rootDevice: { sizeGib: 100, byPath: /dev/disk/by-path/x },'],
      ['name: s1', 'name: s1\n    traits: [CUSTOM_B, CUSTOM_A]\n    kernelArgs: noapic\n    localDisk: exit'],
    );
    const profile = nodeProfile(site, nodeOf(site, 's1'));
    expect(profile).toMatchObject({
      imageName: 'debian',
      bootMode: 'uefi',
      resourceClass: 'baremetal',
      traits: ['CUSTOM_A', 'CUSTOM_B'],
      kernelArgs: 'console=ttyS0,115200 quiet noapic',
      localDisk: 'exit',
      user: 'admin',
    });
    expect(profile.rootDevice && ironicRootDevice(profile.rootDevice)).toEqual({
      size: 100,
      by_path: '/dev/disk/by-path/x',
    });
    expect(nodeProfile(site, nodeOf(site, 'n1'))).toMatchObject({
      bootMode: null,
      rootDevice: null,
      localDisk: 'auto',
    });
  });

  test('is protected by its own word or by a policy', () => {
    const site = siteOf(
      ['name: n2', 'name: n2\n    protected: true'],
      ['access:', 'policies: { protect: [s*] }\naccess:'],
    );
    expect(site.nodes.filter((node) => isProtected(site, node)).map(({ name }) => name)).toEqual([
      'n2',
      's1',
    ]);
  });

  test('is in the fleets that select it', () => {
    const site = siteOf(['access:', 'fleets: { a: { kind: kvm, nodes: "rack=r2,role!=storage" } }\naccess:']);
    expect(site.nodes.filter((node) => inFleet(site, 'a', node)).map(({ name }) => name)).toEqual(['n2']);
    expect(inFleet(site, 'toString', nodeOf(site, 'n1'))).toBe(false);
  });

  test('is what the matcher recognises, by what its BMC was seen to say too', () => {
    const site = siteOf();
    const seen = {
      systemUuid: null,
      serial: null,
      macs: ['52:54:00:00:00:09'],
      bmcAddress: null,
      bmcMac: null,
    };
    const fromBmc = { systemUuid: null, serial: null, macs: ['52:54:00:00:00:09'] };
    const identities = site.nodes.map((node) => nodeIdentity(node, node.name === 's1' ? fromBmc : null));
    expect(matchMachine(seen, identities)).toMatchObject({ kind: 'matched', node: 's1' });
    expect(matchMachine({ ...seen, macs: [], bmcAddress: '10.2.0.11' }, identities)).toMatchObject({
      node: 'n1',
    });
  });
});

describe('discovery', () => {
  test('approves matches where the first rule for a node, else the site, says so', () => {
    const site = siteOf([
      'access:',
      'discovery: { approve: matched, rules: [{ nodes: n1, approve: matched }, { nodes: role=compute, approve: manual }] }\naccess:',
    ]);
    expect(site.nodes.filter((node) => approvesMatch(site, node)).map(({ name }) => name)).toEqual([
      'n1',
      's1',
    ]);
    const careful = siteOf();
    expect(careful.nodes.some((node) => approvesMatch(careful, node))).toBe(false);
  });

  test('leaves those alone that the site ignores', () => {
    const site = siteOf(['access:', 'discovery: { ignoreMacs: ["52:54:00:*"] }\naccess:']);
    expect(discoversUnknown(site, '52:54:00:12:34:56')).toBe(false);
    expect(discoversUnknown(site, '52:54:01:12:34:56')).toBe(true);
    const none = siteOf(['access:', 'discovery: { unknown: ignore }\naccess:']);
    expect(discoversUnknown(none, '52:54:01:12:34:56')).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import { faultsOf, siteOf, siteText } from './sites.ts';

describe('a site that is right', () => {
  test('is completed by its defaults', () => {
    const site = siteOf();
    expect(site.seed).toMatchObject({
      stateDir: '/var/lib/blackstart/small',
      httpPort: 8080,
      metrics: null,
      leases: { kind: 'sqlite' },
      logLevel: 'info',
    });
    expect(site.networks['mgmt']).toMatchObject({ gateway: null, dns: [], dhcp: null });
    expect(site.discovery).toMatchObject({ unknown: 'discover', approve: 'manual', timeoutMinutes: 15 });
    expect(site.policies.maxUnavailable.perRack).toEqual({ kind: 'count', count: 1 });
    expect(site.racks['r1']).toEqual({ location: null, units: 42 });
  });

  test('has the defaults of BMCs in every node', () => {
    expect(siteOf().nodes.map(({ bmc }) => bmc)).toEqual([
      {
        protocol: 'redfish',
        address: 'https://10.2.0.11',
        host: '10.2.0.11',
        port: 443,
        username: 'root',
        password: { env: 'BMC_PASSWORD' },
        mac: null,
        verifyTls: true,
        systemId: null,
      },
      null,
      expect.objectContaining({
        address: 'https://10.2.0.13:8443',
        port: 8443,
        username: 'admin',
        verifyTls: false,
      }),
    ]);
  });

  test.each([
    ['10.2.0.11', 'redfish', 'https://10.2.0.11', 443],
    ['https://BMC-1.example.org/', 'redfish', 'https://bmc-1.example.org', 443],
    ['http://10.2.0.11', 'redfish', 'http://10.2.0.11', 80],
    ['10.2.0.11:8000', 'redfish', 'https://10.2.0.11:8000', 8000],
    ['10.2.0.11', 'ipmi', 'ipmi://10.2.0.11', 623],
    ['10.2.0.11:6230', 'ipmi', 'ipmi://10.2.0.11:6230', 6230],
  ])('BMC %s by %s is %s', (typed, protocol, address, port) => {
    const site = siteOf(['bmc: 10.2.0.11', `bmc: { address: "${typed}", protocol: ${protocol} }`]);
    expect(site.nodes[0]?.bmc).toMatchObject({ protocol, address, port });
  });

  test.each(['52-54-00-00-00-02', '525400000002', '5254.0000.0002', '5254-0000-0002', '52:54:00:00:00:02'])(
    'MAC address %s is the same in any spelling',
    (spelling) => {
      const site = siteOf(['[52:54:00:00:00:02]', `["${spelling.toUpperCase()}"]`]);
      expect(site.nodes[1]?.macs).toEqual(['52:54:00:00:00:02']);
    },
  );

  test('may have empty sections, anchors and merge keys', () => {
    const site = siteOf(
      ['racks: { r1: {}, r2: {} }', 'racks:\n  r1:\n  r2:\nfleets:\npolicies: # all commented out'],
      ['    rack: r1\n', '    <<: &place { rack: r1, unit: 3 }\n'],
      ['    rack: r2\n    macs', '    <<: *place\n    macs'],
    );
    expect(site.nodes.map(({ rack, unit }) => [rack, unit])).toEqual([
      ['r1', 3],
      ['r1', 3],
      ['r2', null],
    ]);
    expect(site.racks['r2']?.units).toBe(42);
  });

  test.each([
    ['{ build: debian, kernel: cloud }', { kind: 'build', build: 'debian', kernel: 'cloud' }],
    ['{ file: a.raw, format: raw }', { kind: 'file', file: 'a.raw', sha256: null }],
    [
      `{ url: "http://a/b", sha256: ${'AB'.repeat(32)} }`,
      { kind: 'url', url: 'http://a/b', sha256: 'ab'.repeat(32) },
    ],
  ])('image %s has one source', (typed, source) => {
    expect(siteOf(['{ build: debian }', typed]).images['debian']?.source).toEqual(source);
  });
});

describe('a site that is wrong', () => {
  test('is told every wrong key with its line, and what it was meant to be', () => {
    const text = siteText(
      ['small', 'Small Site'],
      ['52:54:00:00:00:02', '52:54:00:00:02'],
      ['serial: SN1', 'serail: SN1'],
      ['username: admin', 'usernam: admin'],
      ['rack: r1', 'rack: r3'],
      ['address: 10.1.0.1\n', 'address: 10.9.0.1\n'],
      ['authoritative', 'authoritativ'],
    );
    expect(faultsOf(text)).toEqual([
      'site.yaml:1 site: want a short name of lower-case letters, digits and "-", got "Small Site"',
      'site.yaml:9 networks.prov.dhcp.mode: want authoritative, relayed, proxy or off, got "authoritativ"',
      'site.yaml:22 nodes[0].serail: unknown key; did you mean "serial"?',
      'site.yaml:27 nodes[1].macs[0]: want a MAC address like aa:bb:cc:dd:ee:ff, got "52:54:00:00:02"',
      'site.yaml:33 nodes[2].bmc.usernam: unknown key; did you mean "username"?',
    ]);
  });

  test('is told what contradicts beside what is misspelled, but nothing that only follows from it', () => {
    const text = siteText(
      ['serial: SN1', 'serail: SN1'],
      ['    bmc: 10.2.0.11\n', ''],
      ['10.1.0.12', '10.1.0.112'],
      ['{ build: debian }', '{ bild: debian }'],
    );
    expect(faultsOf(text)).toEqual([
      'site.yaml:13 images.debian.bild: unknown key; did you mean "build"?',
      'site.yaml:13 images.debian: want exactly one of build, file and url, got none',
      'site.yaml:22 nodes[0].serail: unknown key; did you mean "serial"?',
      'site.yaml:27 nodes[1].address: 10.1.0.112 is in the pool of "prov": reserve one outside of it',
    ]);
  });

  test.each<[string, string, string, string]>([
    ['a tab', '\nracks:', '\n\tracks:', ':11: a tab indents this line; YAML wants spaces'],
    [
      'a key twice',
      'serial: SN1',
      'serial: SN1\n    serial: SN2',
      ':23: this key stands twice in the same mapping',
    ],
    [
      'two documents',
      'access:',
      '---\naccess:',
      ':34: a second document begins here ("---"); a site is one document',
    ],
    [
      'a number as serial',
      'SN1',
      '0012',
      ':22 nodes[0].serial: want a serial number, got 12 (text that looks so is written in quotes)',
    ],
    [
      'a string as port',
      'racks:',
      'seed: { httpPort: "80" }\nracks:',
      ':11 seed.httpPort: want a number, got "80"',
    ],
    [
      'a port out of range',
      'racks:',
      'seed: { httpPort: 0 }\nracks:',
      ':11 seed.httpPort: want at least 1, got 0',
    ],
    [
      'an unknown section',
      'racks:',
      'netwroks: {}\nracks:',
      ':11 netwroks: unknown key; did you mean "networks"?',
    ],
    ['an unknown empty section', 'racks:', 'rolez:\nracks:', ':11 rolez: unknown key; did you mean "roles"?'],
    [
      'a missing key',
      '    role: compute\n',
      '',
      ':19 nodes[0].role: want a name of letters, digits, ".", "_" and "-", it is missing',
    ],
    [
      'a group MAC',
      '52:54:00:00:00:02',
      '01:00:5e:00:00:02',
      ':27 nodes[1].macs[0]: want a MAC address like aa:bb:cc:dd:ee:ff, got "01:00:5e:00:00:02"',
    ],
    [
      'a CIDR with host bits',
      '10.2.0.0/24',
      '10.2.0.1/24',
      ':10 networks.mgmt.cidr: want a network like 10.77.0.0/24, with no host bits set, got "10.2.0.1/24"',
    ],
    [
      'metrics where machines netboot',
      'networks:',
      'seed: { metrics: { address: 10.1.0.1 } }\nnetworks:',
      ':2 seed.metrics.address: 10.1.0.1 is in the provisioning network prov: nothing but boot services listens there',
    ],
    [
      'a provisioning network without DHCP',
      '    dhcp: { mode: authoritative, pool: 10.1.0.100-10.1.0.199 }\n',
      '',
      ':3 networks.prov.dhcp: a provisioning network needs it',
    ],
    [
      'no provisioning network',
      'purpose: provisioning',
      'purpose: storage',
      ':2 networks: want at least one with "purpose: provisioning": machines netboot in it',
    ],
    [
      'overlapping networks',
      '10.2.0.0/24, interface: eth2, address: 10.2.0.1',
      '10.0.0.0/8, interface: eth2, address: 10.2.0.1',
      ':10 networks.mgmt.cidr: 10.0.0.0/8 overlaps with 10.1.0.0/24 of "prov"',
    ],
    ['an interface twice', 'eth2', 'eth1', ':10 networks.mgmt.interface: "prov" is on eth1 already'],
    [
      'a broadcast address',
      '10.1.0.254',
      '10.1.0.255',
      ":8 networks.prov.gateway: 10.1.0.255 is no host's address in 10.1.0.0/24",
    ],
    [
      'a pool outside',
      '10.1.0.199',
      '10.1.1.199',
      ':9 networks.prov.dhcp.pool: 10.1.0.100-10.1.1.199 is not inside 10.1.0.0/24',
    ],
    [
      'a pool with the seed',
      '10.1.0.100-10.1.0.199',
      '10.1.0.1-10.1.0.9',
      ":9 networks.prov.dhcp.pool: holds the seed's own address 10.1.0.1: it would be leased to a machine",
    ],
    [
      'a pool backwards',
      '10.1.0.100-10.1.0.199',
      '10.1.0.199-10.1.0.100',
      ':9 networks.prov.dhcp.pool: want a range like 10.77.0.100-10.77.0.199, got "10.1.0.199-10.1.0.100"',
    ],
    [
      'a reserved address in no network',
      '10.1.0.12',
      '10.2.0.12',
      ':28 nodes[1].address: 10.2.0.12 is in no provisioning network (10.1.0.0/24)',
    ],
    [
      "the seed's address reserved",
      '10.1.0.12',
      '10.1.0.1',
      ":28 nodes[1].address: 10.1.0.1 is the seed's own address",
    ],
    [
      'the gateway reserved',
      '10.1.0.12',
      '10.1.0.254',
      ':28 nodes[1].address: 10.1.0.254 is the gateway of "prov"',
    ],
    [
      'static addressing without an address',
      'compute: { image: debian }',
      'compute: { image: debian, addressing: static }',
      ':19 nodes[0].address: is missing; role "compute" has static addressing',
    ],
    ['a name twice', 'name: n2', 'name: n1', ':24 nodes[1].name: "n1" is used twice'],
    [
      'a BMC twice',
      'https://10.2.0.13:8443',
      '10.2.0.11',
      ':33 nodes[2].bmc: https://10.2.0.11 is that of node "n1" too',
    ],
    [
      "a MAC that is another's BMC",
      'username: admin',
      'mac: 52-54-00-00-00-02',
      ':33 nodes[2].bmc.mac: 52:54:00:00:00:02 is that of node "n2" too',
    ],
    [
      'a MAC twice in a node',
      '[52:54:00:00:00:02]',
      '["525400000002", "52-54-00-00-00-02"]',
      ':27 nodes[1].macs[1]: 52:54:00:00:00:02 stands here twice',
    ],
    [
      'an unknown rack',
      'rack: r1',
      'rack: rack1',
      ':21 nodes[0].rack: there is no rack "rack1"; there are r1, r2',
    ],
    [
      'an unknown role',
      'role: storage',
      'role: storag',
      ':31 nodes[2].role: there is no role "storag"; did you mean "storage"?',
    ],
    [
      'a role that is in every object',
      'role: storage',
      'role: constructor',
      ':31 nodes[2].role: there is no role "constructor"; there are compute, storage',
    ],
    [
      'an unknown image',
      'compute: { image: debian }',
      'compute: { image: debain }',
      ':15 roles.compute.image: there is no image "debain"; did you mean "debian"?',
    ],
    [
      'firmware that the image cannot',
      '{ build: debian }',
      '{ build: debian, bootModes: [bios] }',
      ':31 nodes[2].role: image "debian" boots by bios only, and this node is uefi',
    ],
    [
      'a node that nobody can recognise',
      '    macs: [52:54:00:00:00:02]\n',
      '',
      ':24 nodes[1]: no machine can be recognised as "n2": give its serial, uuid, macs, switchPort or bmc',
    ],
    [
      'a placeholder as identity',
      'macs: [52:54:00:00:00:02]',
      'serial: To be filled by O.E.M.',
      ':24 nodes[1]: no machine can be recognised as "n2": To be filled by O.E.M. is a placeholder that many machines have',
    ],
    [
      'a BMC without credentials',
      'bmcDefaults: { username: root, ',
      'bmcDefaults: { ',
      ':23 nodes[0].bmc: has no username: give it here or as bmcDefaults.username',
    ],
    [
      'a BMC that is a URL with a path',
      'bmc: 10.2.0.11',
      'bmc: https://10.2.0.11/redfish',
      ':23 nodes[0].bmc: want a host like 10.78.0.11, or a URL like https://10.78.0.11:8443, got "https://10.2.0.11/redfish"',
    ],
    [
      'a unit above its rack',
      'rack: r1\n',
      'rack: r1\n    unit: 43\n',
      ':22 nodes[0].unit: rack "r1" has 42 units',
    ],
    [
      'a selector that asks the unknown',
      'access:',
      'policies: { protect: [rak=r1] }\naccess:',
      ':34 policies.protect[0]: there is no "rak" to select by; did you mean "rack"?',
    ],
    [
      'a node in two fleets',
      'access:',
      'fleets:\n  a: { kind: kvm, nodes: role=storage }\n  b: { kind: kubernetes, nodes: rack=r2, controllers: n2 }\naccess:',
      ':36 fleets.b.nodes: node "s1" is in fleet "a" too',
    ],
    [
      'a rehearsal of nobody',
      'access:',
      'rehearsal: { machines: { n9: {} } }\naccess:',
      ':34 rehearsal.machines.n9: there is no node "n9"; did you mean "n1"?',
    ],
    [
      'kernel arguments that iPXE expands',
      'kernelArgs: quiet',
      'kernelArgs: "a=\\x24{mac}"', // YAML's own escape of "$"
      `:16 roles.storage.kernelArgs: want kernel arguments on one line, with no variable of iPXE in them, got "a=\${mac}"`,
    ],
    [
      'an image with two sources',
      '{ build: debian }',
      '{ build: debian, file: a }',
      ':13 images.debian: want exactly one of build, file and url, got 2',
    ],
    [
      'a URL without a checksum',
      '{ build: debian }',
      '{ url: "http://a/b" }',
      ':13 images.debian.sha256: an image from a URL needs its checksum',
    ],
  ])('%s', (_, from, to, want) => {
    expect(faultsOf(siteText([from, to]))).toEqual([`site.yaml${want}`]);
  });

  test('has its secrets told about, never echoed', () => {
    const [fault = ''] = faultsOf(siteText(['{ env: BMC_PASSWORD }', 'hunter2']));
    expect(fault).toMatch(
      /^site.yaml:17 bmcDefaults.password: a secret is not written here: .*\{file: secrets\/NAME\}/,
    );
    expect(fault).not.toContain('hunter2');
    expect(siteOf(['{ env: BMC_PASSWORD }', '{ inline: hunter2 }']).nodes[0]?.bmc?.password).toEqual({
      inline: 'hunter2',
    });
  });
});

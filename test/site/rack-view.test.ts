import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSite } from '../../src/site/parse-site.ts';
import { rackMachines, rackNetworks } from '../../src/site/rack-view.ts';
import { parseMac } from '../../src/site/vocabulary.ts';
import { siteOf } from './sites.ts';

const LAB = readFileSync(new URL('../../inventories/lab/site.yaml', import.meta.url), 'utf8');
const lab = parseSite(LAB, 'site.yaml');

describe('the virtual rack of the lab', () => {
  const machines = rackMachines(lab);

  test('has what was typed', () => {
    expect(machines.map(({ name, firmware, bmc }) => [name, firmware, bmc.address])).toEqual([
      ['lab-1', 'bios', '10.78.0.11'],
      ['lab-2', 'uefi', '10.78.0.12'],
      ['lab-3', 'uefi', '10.78.0.13'],
    ]);
    expect(machines[0]?.serial).toBe('LAB0001');
    expect(machines[1]?.mac).toBe('52:54:00:77:00:02');
    expect(rackNetworks(lab)).toEqual({
      provisioning: { seedInterface: 'prov0', seedAddress: '10.77.0.1', prefix: 24 },
      management: { seedInterface: 'mgmt0', seedAddress: '10.78.0.1', prefix: 24 },
    });
  });

  test('tells of one machine its serial, of one its MAC address, of one its BMC alone', () => {
    const told = lab.nodes.map(({ serial, macs, uuid }) => [serial !== null, macs.length > 0, uuid !== null]);
    expect(told).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, false],
    ]);
  });

  test('has made up the rest as real machines would have it, the same each time', () => {
    expect(rackMachines(lab)).toEqual(machines);
    const identities = machines.flatMap((machine) => [
      machine.mac,
      machine.bmc.mac,
      machine.uuid,
      machine.serial,
      machine.diskSerial,
    ]);
    expect(new Set(identities).size).toBe(machines.length * 5);
    for (const { mac, uuid, diskSerial } of machines) {
      expect(parseMac(mac)).toBe(mac);
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(diskSerial.length).toBeLessThanOrEqual(20);
    }
  });
});

test('machines of other names or sites are other machines, and no two have one MAC address', () => {
  const node = (name: string) => `\n  - { name: ${name}, role: compute, bmc: ${name}.invalid }`;
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(names, (chosen) => {
      const text = LAB.replace(/\nnodes:[\s\S]*\naccess:/, `\nnodes:${chosen.map(node).join('')}\naccess:`);
      const addressed = chosen.reduce(
        (done, name, index) => done.replace(`${name}.invalid`, `10.78.1.${index}`),
        text,
      );
      const macs = rackMachines(parseSite(addressed, 'site.yaml')).flatMap(({ mac, bmc }) => [mac, bmc.mac]);
      expect(new Set(macs).size).toBe(chosen.length * 2);
    }),
    { numRuns: 30 },
  );
  const other = parseSite(LAB.replace('site: lab', 'site: other'), 'site.yaml');
  expect(rackMachines(other)[2]?.uuid).not.toBe(rackMachines(lab)[2]?.uuid);
});

describe('a rehearsal', () => {
  test('takes sizes by machine, else for all', () => {
    const sized = parseSite(
      LAB.replace('diskGib: 8 }', 'diskGib: 8, machines: { lab-2: { cpus: 2, behaviours: [silent] } } }'),
      'site.yaml',
    );
    expect(rackMachines(sized).map(({ cpus, diskGib, behaviours }) => [cpus, diskGib, behaviours])).toEqual([
      [1, 8, []],
      [2, 8, ['silent']],
      [1, 8, []],
    ]);
  });

  test.each([
    ['a node without a BMC', 'bmc: 10.2.0.11', 'unit: 1', 'node "n1" has no BMC'],
    ['a BMC by IPMI', 'bmc: 10.2.0.11', 'bmc: { address: 10.2.0.11, protocol: ipmi }', 'speaks Redfish only'],
    ['a BMC by name', 'bmc: 10.2.0.11', 'bmc: bmc-1.example.org', 'a virtual rack has no DNS'],
    ['a BMC without TLS', 'bmc: 10.2.0.11', 'bmc: "http://10.2.0.11"', 'speaks HTTPS only'],
  ])('of a site with %s is refused', (_, from, to, message) => {
    expect(() => rackMachines(siteOf([from, to]))).toThrow(
      expect.objectContaining({ code: 'E_REHEARSAL', message: expect.stringContaining(message) }),
    );
  });

  test('needs a management network', () => {
    expect(() => rackNetworks(siteOf(['purpose: management', 'purpose: storage']))).toThrow(
      expect.objectContaining({ code: 'E_REHEARSAL' }),
    );
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  groupHosts,
  type InventoryHost,
  renderAnsibleInventory,
} from '../../src/render/ansible-inventory.ts';

const host = (name: string, more: Partial<InventoryHost> = {}): InventoryHost => ({
  name,
  address: '10.77.0.11',
  port: 22,
  user: 'debian',
  role: 'compute',
  rack: 'r1',
  fleets: [],
  systemUuid: '5f9a0c1e-7d7c-4c5e-9a3e-0d3f6a1b2c3d',
  serial: 'LAB0001',
  macs: ['52:54:00:00:00:01'],
  ...more,
});
const unsafe = { tag: '!unsafe', resolve: (text: string) => text };
const read = (text: string) => parse(text, { customTags: [unsafe] });

test('the inventory of a small site', async () => {
  const text = renderAnsibleInventory({
    privateKeyFile: '/etc/blackstart/secrets/id_ed25519',
    hosts: [
      host('lab-2', {
        role: 'control-plane',
        rack: null,
        fleets: ['k8s', 'edge'],
        serial: null,
        systemUuid: null,
        macs: [],
      }),
      host('lab-1', { fleets: ['k8s'] }),
    ],
  });
  await expect(text).toMatchFileSnapshot('../golden/ansible/inventory.yml');
});

test('a site without nodes is still an inventory', () => {
  expect(read(renderAnsibleInventory({ privateKeyFile: '/k', hosts: [] }))).toEqual({
    all: { vars: { ansible_ssh_private_key_file: '/k' }, hosts: {} },
  });
});

test('whatever a machine says of itself comes back as it was said, and as data', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (serial) => {
      const text = renderAnsibleInventory({ privateKeyFile: '/k', hosts: [host('lab-1', { serial })] });
      expect(read(text).all.hosts['lab-1'].blackstart_serial).toBe(serial);
      expect(text).toContain('blackstart_serial: !unsafe "');
    }),
  );
});

test('two names that Ansible cannot tell apart are refused', () => {
  const hosts = [host('lab-1', { rack: 'r-1' }), host('lab-2', { rack: 'r.1' })];
  expect(() => groupHosts(hosts)).toThrow(expect.objectContaining({ code: 'E_GROUP_NAME' }));
  expect(
    groupHosts([host('lab-1', { rack: 'x', role: 'x', fleets: ['x'] })]).map(({ name }) => name),
  ).toEqual(['fleet_x', 'rack_x', 'role_x']);
});

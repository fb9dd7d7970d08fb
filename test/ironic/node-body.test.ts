import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodePatch, redfishNode } from '../../src/ironic/node-body.ts';
import type { IronicNode, NewNode, PatchOperation } from '../../src/ironic/types.ts';

const WISHES = {
  name: 'lab-1',
  uuid: 'b5f0c1f0-0000-4000-8000-000000000001',
  login: {
    address: 'https://10.78.0.11',
    systemId: '/redfish/v1/Systems/1',
    username: 'admin',
    password: 'geheim',
    verifyCa: false,
  },
  bootMode: 'uefi',
  rootDevice: { serial: 's== disk-1' },
  resourceClass: 'compute',
  capabilities: { rack: 'r1' },
  extra: { blackstart: { site: 'lab' } },
} as const;

/** What Ironic gives back for a node: secrets masked, and more keys than were sent. */
const stored = (node: NewNode, more: Partial<IronicNode> = {}): IronicNode => ({
  uuid: node.uuid ?? '',
  name: node.name,
  driver: node.driver,
  driver_info: { ...node.driver_info, redfish_password: '******' },
  driver_internal_info: {},
  properties: { ...node.properties, cpus: 2 },
  instance_info: {},
  extra: { ...node.extra },
  provision_state: 'enroll',
  target_provision_state: null,
  provision_updated_at: null,
  power_state: null,
  target_power_state: null,
  last_error: null,
  maintenance: false,
  maintenance_reason: null,
  fault: null,
  reservation: null,
  resource_class: node.resource_class ?? null,
  inspection_finished_at: null,
  power_interface: 'redfish',
  management_interface: 'redfish',
  boot_interface: 'ipxe',
  deploy_interface: 'direct',
  inspect_interface: 'agent',
  ...more,
});

describe('a node for Ironic', () => {
  test('has its BMC, boot mode, disk and what else is known of it', () => {
    expect(redfishNode(WISHES)).toEqual({
      uuid: WISHES.uuid,
      name: 'lab-1',
      driver: 'redfish',
      driver_info: {
        redfish_address: 'https://10.78.0.11',
        redfish_system_id: '/redfish/v1/Systems/1',
        redfish_username: 'admin',
        redfish_password: 'geheim',
        redfish_verify_ca: false,
      },
      properties: { capabilities: 'rack:r1,boot_mode:uefi', root_device: { serial: 's== disk-1' } },
      resource_class: 'compute',
      extra: { blackstart: { site: 'lab' } },
    });
  });

  test('without wishes about them has neither', () => {
    const bare = redfishNode({ ...WISHES, bootMode: null, rootDevice: {}, capabilities: {} });
    expect(bare.properties).toEqual({});
  });
});

describe('what a node lacks', () => {
  test('is nothing when Ironic has all of it, under a masked password too', () => {
    expect(nodePatch(stored(redfishNode(WISHES)), redfishNode(WISHES))).toEqual([]);
  });

  test('is the password again when the BMC has moved, or when asked for', () => {
    const moved = redfishNode({ ...WISHES, login: { ...WISHES.login, address: 'https://10.78.0.99' } });
    expect(nodePatch(stored(redfishNode(WISHES)), moved)).toEqual([
      { op: 'add', path: '/driver_info/redfish_address', value: 'https://10.78.0.99' },
      { op: 'add', path: '/driver_info/redfish_password', value: 'geheim' },
    ]);
    expect(nodePatch(stored(redfishNode(WISHES)), redfishNode(WISHES), { resendSecrets: true })).toEqual([
      { op: 'add', path: '/driver_info/redfish_password', value: 'geheim' },
    ]);
  });

  test('leaves capabilities alone that an inspection found', () => {
    const found = stored(redfishNode(WISHES), {
      properties: { ...redfishNode(WISHES).properties, capabilities: 'cpu_vt:true,boot_mode:bios,rack:r1' },
    });
    expect(nodePatch(found, redfishNode(WISHES))).toEqual([
      { op: 'add', path: '/properties/capabilities', value: 'cpu_vt:true,boot_mode:uefi,rack:r1' },
    ]);
  });

  test('sent once, is lacking no more', () => {
    const key = fc.stringMatching(/^[a-z~/]{1,6}$/);
    const map = fc.dictionary(key, fc.oneof(fc.integer(), fc.string(), fc.dictionary(key, fc.boolean())));
    fc.assert(
      fc.property(map, map, (now, wished) => {
        const wish: NewNode = { name: 'n', driver: 'redfish', extra: wished };
        const node = stored({ name: 'n', driver: 'redfish', extra: now });
        const patched = { ...node, extra: applyAdds(node.extra, nodePatch(node, wish)) };
        expect(nodePatch(patched, wish)).toEqual([]);
        expect(patched.extra).toMatchObject(wished);
      }),
    );
  });
});

function applyAdds(map: Readonly<Record<string, unknown>>, patch: readonly PatchOperation[]) {
  const result: Record<string, unknown> = { ...map };
  for (const { path, value } of patch) {
    const key = path.split('/').at(-1) ?? '';
    result[key.replaceAll('~1', '/').replaceAll('~0', '~')] = value;
  }
  return result;
}

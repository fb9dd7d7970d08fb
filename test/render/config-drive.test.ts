import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ConfigDriveView, renderConfigDrive } from '../../src/render/config-drive.ts';

const view: ConfigDriveView = {
  hostname: 'lab-1',
  fqdn: null,
  uuid: '5f9a0c1e-7d7c-4c5e-9a3e-0d3f6a1b2c3d',
  user: 'debian',
  authorizedKeys: ['ssh-ed25519 AAAAC3Nz operator@seed', 'ssh-ed25519 AAAAC3Ny other@seed'],
  network: { kind: 'dhcp', mac: '52:54:00:00:00:01', mtu: null },
  userData: null,
};
const onStatic = (prefix: number): ConfigDriveView => ({
  ...view,
  fqdn: 'lab-1.example.org',
  network: {
    kind: 'static',
    mac: '52:54:00:AB:00:01',
    mtu: 9000,
    address: '10.77.0.11',
    prefix,
    gateway: '10.77.0.1',
    dns: ['10.77.0.1', '10.77.0.2'],
  },
  userData: { ntp: { servers: ['10.77.0.1'] } },
});
const netmask = (prefix: number) => {
  const { networks } = renderConfigDrive(onStatic(prefix)).network_data as {
    networks: { netmask: string }[];
  };
  return networks[0]?.netmask;
};

test.each([
  ['dhcp', view],
  ['static', onStatic(24)],
])('the config drive of a machine on %s', async (name, given) => {
  const drive = renderConfigDrive(given);
  const text = `${JSON.stringify(drive.meta_data, null, 2)}\n${JSON.stringify(drive.network_data, null, 2)}\n${drive.user_data}`;
  await expect(text).toMatchFileSnapshot(`../golden/config-drive/${name}.txt`);
});

test('netmasks at and between the octets', () => {
  expect([0, 1, 8, 20, 24, 31, 32].map(netmask)).toEqual([
    '0.0.0.0',
    '128.0.0.0',
    '255.0.0.0',
    '255.255.240.0',
    '255.255.255.0',
    '255.255.255.254',
    '255.255.255.255',
  ]);
});

test('a machine without a gateway gets no route', () => {
  const given = onStatic(24);
  if (given.network.kind !== 'static') throw new Error('static');
  const { network_data } = renderConfigDrive({ ...given, network: { ...given.network, gateway: null } });
  expect(network_data).toMatchObject({ networks: [{ routes: [] }] });
});

test("nobody gets a password, and the site's user data cannot open another way in", () => {
  const config = parse(renderConfigDrive(view).user_data);
  expect(config).toMatchObject({ ssh_pwauth: false, disable_root: true, users: [{ lock_passwd: true }] });
  expect(JSON.stringify(config)).not.toMatch(/passwd":"|hashed_passwd|plain_text_passwd/);
  for (const key of ['users', 'ssh_pwauth', 'disable_root', 'hostname'])
    expect(() => renderConfigDrive({ ...view, userData: { [key]: true } })).toThrow(
      expect.objectContaining({ code: 'E_USER_DATA', message: expect.stringContaining(key) }),
    );
});

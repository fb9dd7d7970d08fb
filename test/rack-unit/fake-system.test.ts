import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { type FakeSshServer, newSshHostKey, startFakeSshServer } from '../../src/exec/fake-ssh-server.ts';
import { openSsh } from '../../src/exec/ssh.ts';
import { readMachineFacts } from '../../src/exec/ssh-facts.ts';
import { readConfigDrive } from '../../src/rack/fake-config-drive.ts';
import { bootEntries } from '../../src/rack/fake-firmware.ts';
import { matchesHint } from '../../src/rack/fake-root-device.ts';
import { answerCommand } from '../../src/rack/fake-shell.ts';
import type { MachineSpec } from '../../src/rack/machine.ts';
import { type ConfigDriveNetwork, renderConfigDrive } from '../../src/render/config-drive.ts';

const spec = {
  name: 'm1',
  uuid: '6F1C2B1E-52AA-4000-8000-000000000001',
  serial: 'SN-1',
  diskGib: 10,
  diskSerial: 'DISK-1',
} as MachineSpec;
const keys = ssh2.utils.generateKeyPairSync('ed25519');

const noIso = existsSync('/usr/bin/genisoimage') ? null : 'no /usr/bin/genisoimage';
if (noIso) console.log(`skipped, ${noIso}: the config drive in test/rack-unit/fake-system.test.ts`);

/** As Ironic makes it: genisoimage -r -J -V config-2, gzip, base64. */
function configDrive(network: ConfigDriveNetwork): string {
  const rendered = renderConfigDrive({
    ...{ hostname: 'm1', fqdn: null, uuid: 'u', user: 'operator', authorizedKeys: [keys.public] },
    ...{ network, userData: null },
  });
  const dir = mkdtempSync(join(tmpdir(), 'bs-iso-'));
  const latest = join(dir, 'content/openstack/latest');
  mkdirSync(latest, { recursive: true });
  writeFileSync(join(latest, 'meta_data.json'), JSON.stringify(rendered.meta_data));
  writeFileSync(join(latest, 'network_data.json'), JSON.stringify(rendered.network_data));
  writeFileSync(join(latest, 'user_data'), rendered.user_data);
  const args = ['-quiet', '-o', 'iso', '-ldots', '-allow-lowercase', '-allow-multidot', '-l'];
  execFileSync('genisoimage', [...args, '-J', '-r', '-V', 'config-2', 'content'], { cwd: dir });
  const iso = execFileSync('cat', ['iso'], { cwd: dir });
  rmSync(dir, { recursive: true });
  return gzipSync(iso).toString('base64');
}

describe.skipIf(noIso)('a config drive', () => {
  test('gives the name, the user and the keys', () => {
    const first = readConfigDrive(configDrive({ kind: 'dhcp', mac: '52:54:00:aa:00:01', mtu: null }));
    expect(first).toEqual({
      hostname: 'm1',
      authorizedKeys: new Map([['operator', [keys.public]]]),
      staticNetwork: null,
    });
  });

  test('may give a static address', () => {
    const first = readConfigDrive(
      configDrive({
        ...{ kind: 'static', mac: '52:54:00:aa:00:01', mtu: null },
        ...{ address: '10.77.0.50', prefix: 24, gateway: '10.77.0.1', dns: [] },
      }),
    );
    expect(first.staticNetwork).toEqual({
      address: '10.77.0.50',
      netmask: '255.255.255.0',
      gateway: '10.77.0.1',
    });
  });
});

describe('the simulated ssh server', () => {
  let server: FakeSshServer;
  afterEach(() => server.stop());
  const start = async () => {
    server = await startFakeSshServer({
      address: '127.0.0.1',
      port: 0,
      hostKey: newSshHostKey(),
      authorizedKeys: new Map([['operator', [keys.public]]]),
      answer: (command) => answerCommand(command, { spec }, 'm1'),
    });
    return { host: '127.0.0.1', port: server.port, username: 'operator', privateKey: keys.private };
  };

  test('answers what is asked of a machine that was just deployed', async () => {
    const ssh = await openSsh(await start());
    expect(await readMachineFacts(ssh)).toEqual({
      hostname: 'm1',
      systemUuid: spec.uuid.toLowerCase(),
      rootDisk: { name: 'vda', serial: 'DISK-1', sizeBytes: 10 * 1024 ** 3 },
      kernel: '6.1.0-simulated',
      osRelease: 'Simulated Linux',
      cloudInitDone: true,
      cloudInitErrors: [],
    });
    expect(await ssh.exec('rm -rf /')).toEqual({
      exitCode: 127,
      stdout: '',
      stderr: 'sh: 1: rm: not found\n',
    });
    ssh.close();
  });

  test('refuses another key and another user', async () => {
    const target = await start();
    const other = ssh2.utils.generateKeyPairSync('ed25519').private;
    await expect(openSsh({ ...target, privateKey: other })).rejects.toMatchObject({ code: 'E_SSH_AUTH' });
    await expect(openSsh({ ...target, username: 'root' })).rejects.toMatchObject({ code: 'E_SSH_AUTH' });
  });
});

test.each([
  ['Hdd', 'disk-first', ['disk']],
  ['Pxe', 'disk-first', ['pxe', 'disk']],
  ['UefiHttp', 'disk-first', ['http', 'disk']],
  ['None', 'disk-first', ['disk', 'pxe']],
  ['None', 'network-first', ['pxe', 'disk']],
] as const)('%s with %s tries %j', (target, bootOrder, entries) => {
  expect(bootEntries(target, { ...spec, bootOrder })).toEqual(entries);
});

const disk = {
  ...{ name: '/dev/vda', model: '', size: 10 * 1024 ** 3, rotational: false, serial: 'DISK-1' },
  ...{ vendor: '0x1af4', wwn: null, by_path: null },
};
test.each([
  ['serial', 'DISK-1', true],
  ['serial', 's== disk-1', true],
  ['serial', '<or> A <or> DISK-1', true],
  ['serial', 'DISK-10', false],
  ['size', 10, true],
  ['size', '>= 5', true],
  ['size', '> 10', false],
  ['size', '<= 9', false],
  ['wwn', 'anything', false],
  ['rotational', false, true],
] as const)('the hint %s %s matches: %s', (name, hint, matches) => {
  expect(matchesHint(disk, name, hint)).toBe(matches);
});

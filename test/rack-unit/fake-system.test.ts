import ssh2 from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { type FakeSshServer, newSshHostKey, startFakeSshServer } from '../../src/exec/fake-ssh-server.ts';
import { openSsh } from '../../src/exec/ssh.ts';
import { readMachineFacts } from '../../src/exec/ssh-facts.ts';
import { bootEntries } from '../../src/rack/fake-firmware.ts';
import { matchesHint } from '../../src/rack/fake-root-device.ts';
import { answerCommand } from '../../src/rack/fake-shell.ts';
import type { MachineSpec } from '../../src/rack/machine.ts';

const spec = {
  name: 'm1',
  uuid: '6F1C2B1E-52AA-4000-8000-000000000001',
  serial: 'SN-1',
  diskGib: 10,
  diskSerial: 'DISK-1',
} as MachineSpec;
const keys = ssh2.utils.generateKeyPairSync('ed25519');

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

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tryRun } from '../../src/exec/run.ts';
import {
  FACT_COMMANDS,
  parseCloudInitErrors,
  parseOsRelease,
  parseRootDisk,
  readMachineFacts,
} from '../../src/exec/ssh-facts.ts';

const golden = (name: string) => readFileSync(new URL(`./outputs/${name}`, import.meta.url), 'utf8');

describe('the disk under /', () => {
  test.each([
    ['lsblk-virtio.json', { name: 'vda', serial: 'LAB0001-D0', sizeBytes: 8_589_934_592 }],
    ['lsblk-debian-2.38.json', { name: 'vda', serial: null, sizeBytes: 274_877_906_944 }],
    ['lsblk-lvm-crypt.json', { name: 'nvme0n1', serial: 'S4EVNX0R123456', sizeBytes: 512_110_190_592 }],
    ['lsblk-old-strings.json', { name: 'sda', serial: '600508b1001c', sizeBytes: 299_966_445_568 }],
    ['lsblk-nothing-mounted.json', null],
  ])('%s', (name, disk) => {
    expect(parseRootDisk(golden(name))).toEqual(disk);
  });

  test('no text and no tree makes it throw', () => {
    const node = fc.letrec((tie) => ({
      device: fc.record(
        {
          name: fc.jsonValue(),
          type: fc.constant('disk'),
          size: fc.jsonValue(),
          children: fc.array(tie('device'), { maxLength: 3, depthIdentifier: 'device' }),
        },
        { requiredKeys: [] },
      ),
    })).device;
    fc.assert(fc.property(fc.string(), (text) => void parseRootDisk(text)));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void parseRootDisk(JSON.stringify({ blockdevices: value }))),
    );
    fc.assert(
      fc.property(fc.array(node), (tree) => void parseRootDisk(JSON.stringify({ blockdevices: tree }))),
    );
  });
});

test('os-release is named by its pretty name, quoted or not', () => {
  expect(parseOsRelease('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')).toBe(
    'Debian GNU/Linux 12 (bookworm)',
  );
  expect(parseOsRelease("ID=alpine\nNAME='Alpine Linux'\n")).toBe('Alpine Linux');
  expect(parseOsRelease('')).toBe('');
});

test('cloud-init says what went wrong', () => {
  expect(parseCloudInitErrors('{"v1": {"datasource": "DataSourceConfigDrive", "errors": []}}')).toEqual([]);
  expect(parseCloudInitErrors('{"v1": {"errors": ["no such user"]}}')).toEqual(['no such user']);
  expect(parseCloudInitErrors('{"v1"')).toEqual(['cloud-init left an unreadable result']);
});

/** Answers by this host's own programs, as a machine's sshd would. */
const here = {
  exec: async (command: string) => await tryRun('sh', ['-c', command]),
};

test('this very host answers, whatever it lacks', async () => {
  const facts = await readMachineFacts(here);
  expect(facts.hostname).toMatch(/\S/);
  expect(facts.kernel).toMatch(/^\d+\./);
  expect(facts.osRelease).toMatch(/\S/);
});

test('a machine without SMBIOS, lsblk and cloud-init still has facts; one without a hostname has none', async () => {
  const only = (...commands: string[]) => ({
    exec: async (command: string) =>
      commands.includes(command)
        ? { exitCode: 0, stdout: 'lab-1\n', stderr: '' }
        : { exitCode: 127, stdout: '', stderr: 'not found' },
  });
  expect(await readMachineFacts(only(FACT_COMMANDS.hostname))).toEqual({
    hostname: 'lab-1',
    systemUuid: null,
    rootDisk: null,
    kernel: '',
    osRelease: '',
    cloudInitDone: false,
    cloudInitErrors: [],
  });
  await expect(readMachineFacts(only())).rejects.toMatchObject({ code: 'E_MACHINE_FACTS' });
});

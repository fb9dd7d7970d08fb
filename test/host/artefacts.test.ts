import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest';
import { buildImage, type Image } from '../../src/artefacts/image.ts';
import { buildRamdisk, type Ramdisk } from '../../src/artefacts/ramdisk.ts';
import { systemClock } from '../../src/clock.ts';
import { run } from '../../src/exec/run.ts';
import { openSsh, type SshSession } from '../../src/exec/ssh.ts';
import { consoleOf, freePort, startMachine, type TestMachine, whyNoArtefacts } from './artefact-machine.ts';

const reason = whyNoArtefacts();
if (reason) console.log(`artefacts: skipped, ${reason}`);
/** The boots take 30 to 60 seconds on an idle processor each, all of them at once; the limit is for one that is shared. */
const LIMIT_MS = 600_000;
const BUILD_LIMIT_MS = 900_000;

const MAC = '52:54:00:dd:00:07';
const UUID = '6f1c2b1e-52aa-4000-8000-0000000000dd';
const SERIAL = 'SN-ARTEFACT';

let dir = '';
const machine = (change: Partial<TestMachine>): TestMachine => ({
  firmware: 'bios',
  dir,
  mac: MAC,
  uuid: UUID,
  serial: SERIAL,
  args: [],
  ports: {},
  ...change,
});
const disk = (file: string, index: number, options = '') => [
  ...['-drive', `if=none,id=d${index},file=${file},${options}`],
  ...['-device', `virtio-blk-pci,drive=d${index},bootindex=${index}`],
];

describe.skipIf(reason !== null).concurrent('artefacts', () => {
  let ramdisk: Ramdisk;
  let image: Image;
  const keys = ssh2.utils.generateKeyPairSync('ed25519');

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'bs-artefacts-'));
    ramdisk = await buildRamdisk({ kernel: 'cloud' });
    image = await buildImage({ kernel: 'cloud' });
  }, BUILD_LIMIT_MS);
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test('a second build finds the first', async ({ expect }) => {
    expect(await buildRamdisk({ kernel: 'cloud' })).toEqual(ramdisk);
    expect(await buildImage({ kernel: 'cloud' })).toEqual(image);
  });

  test(
    'a machine that boots the ramdisk posts what it is',
    async ({ expect, onTestFinished }) => {
      const seed = await listenForInventory(onTestFinished);
      const machineDir = await mkdtemp(join(dir, 'ramdisk-'));
      const disk0 = join(machineDir, 'empty.qcow2');
      await run('qemu-img', ['create', '-q', '-f', 'qcow2', disk0, '4G']);
      const url = `http://10.0.2.2:${seed.port}/v1/continue_inspection`;
      const append = `console=ttyS0 BOOTIF=01-${MAC.replaceAll(':', '-')} ipa-inspection-callback-url=${url} ipa-inspection-collectors=default,blackstart`;
      const args = ['-kernel', ramdisk.kernel, '-initrd', ramdisk.initramfs, '-append', append];
      const stop = await startMachine(
        machine({ dir: machineDir, args: [...args, ...disk(disk0, 1, 'format=qcow2')] }),
      );
      onTestFinished(stop);
      const posted = await seed.inventory;
      expect(posted).toMatchObject({
        error: null,
        boot_interface: `01-${MAC.replaceAll(':', '-')}`,
        root_disk: { name: '/dev/vda', size: 4 * 1024 ** 3 },
        inventory: {
          interfaces: [
            { mac_address: MAC, ipv4_address: '10.0.2.15', has_carrier: true, driver: 'virtio_net' },
          ],
          memory: { physical_mb: 1536 },
          system_vendor: { serial_number: SERIAL, firmware: { vendor: 'SeaBIOS' } },
          boot: { current_boot_mode: 'bios' },
        },
        blackstart: { dmi: { product_uuid: UUID, product_serial: SERIAL } },
      });
    },
    LIMIT_MS,
  );

  test.for(['bios', 'uefi'] as const)(
    'the image boots by %s, reads its config drive and lets the key in',
    { timeout: LIMIT_MS },
    async (firmware, { expect, onTestFinished }) => {
      const port = await freePort();
      const machineDir = await mkdtemp(join(dir, `${firmware}-`));
      const system = join(machineDir, 'system.qcow2');
      await run('qemu-img', [
        'create',
        '-q',
        '-f',
        'qcow2',
        '-b',
        image.file,
        '-F',
        image.format,
        system,
        '6G',
      ]);
      const drive = await writeConfigDrive(join(machineDir, 'config'), `node-${firmware}`, keys.public);
      const disks = [
        ...disk(system, 1, 'format=qcow2,cache=unsafe'),
        ...disk(drive, 2, 'format=raw,readonly=on'),
      ];
      const started = machine({ firmware, dir: machineDir, args: disks, ports: { 22: port } });
      onTestFinished(await startMachine(started));
      const session = await untilLogin(port, keys.private, started);
      onTestFinished(() => session.close());
      const say = async (command: string) => (await session.exec(command)).stdout.trim();
      expect(await say('hostname')).toBe(`node-${firmware}`);
      expect(await say('sudo cat /sys/class/dmi/id/product_uuid')).toBe(UUID);
      expect(await say('test -d /sys/firmware/efi && echo uefi || echo bios')).toBe(firmware);
      expect(Number(await say("df --output=size -BM / | tail -1 | tr -dc '0-9'"))).toBeGreaterThan(5000);
      expect(
        await say('for user in root debian; do sudo passwd --status $user; done | cut -d" " -f2 | sort -u'),
      ).toBe('L');
      expect(await say('sudo sshd -T | grep -i ^passwordauthentication')).toBe('passwordauthentication no');
      expect(await say('ls /etc/ssh/*_key')).toBe('/etc/ssh/ssh_host_ed25519_key');
      expect(await say('cat /etc/machine-id')).toMatch(/^[0-9a-f]{32}$/);
      expect(await say('systemctl --failed --no-legend --plain')).toBe('');
    },
  );
});

/** A seed that takes one inventory. */
async function listenForInventory(
  onTestFinished: TestContext['onTestFinished'],
): Promise<{ port: number; inventory: Promise<unknown> }> {
  const posted = Promise.withResolvers<unknown>();
  const server: Server = createServer((request, response) => {
    text(request)
      .then((body) => posted.resolve(JSON.parse(body)))
      .catch(posted.reject);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, inventory: posted.promise };
}

/** What Ironic writes for a deployed machine: an ISO named config-2. OpenStack's config drive, version 2. */
async function writeConfigDrive(folder: string, hostname: string, publicKey: string): Promise<string> {
  const latest = join(folder, 'openstack/latest');
  await mkdir(latest, { recursive: true });
  const metaData = { uuid: UUID, name: hostname, hostname, public_keys: { site: publicKey } };
  await writeFile(join(latest, 'meta_data.json'), JSON.stringify(metaData));
  const networkData = {
    links: [{ id: 'l0', type: 'phy', ethernet_mac_address: MAC }],
    networks: [{ id: 'n0', type: 'ipv4_dhcp', link: 'l0', network_id: 'n0' }],
    services: [],
  };
  await writeFile(join(latest, 'network_data.json'), JSON.stringify(networkData));
  const iso = `${folder}.iso`;
  await run('genisoimage', ['-quiet', '-R', '-V', 'config-2', '-o', iso, folder]);
  return iso;
}

async function untilLogin(port: number, privateKey: string, started: TestMachine): Promise<SshSession> {
  const deadlineMs = Date.now() + LIMIT_MS - 20_000;
  for (;;) {
    try {
      const target = { host: '127.0.0.1', port, username: 'debian', privateKey, timeoutMs: 30_000 };
      return await openSsh(target);
    } catch (error) {
      const said = async () => (await readFile(consoleOf(started), 'utf8').catch(() => '')).slice(-2000);
      if (Date.now() > deadlineMs)
        throw new Error(`no login; the console ends: ${await said()}`, { cause: error });
      await systemClock.sleep(2_000);
    }
  }
}

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { certificateFile } from '../../src/rack/bmc/certificate.ts';
import { pressPower, rackStatus } from '../../src/rack/control.ts';
import { FakeDisk, readDiskWrites } from '../../src/rack/fake-disk.ts';
import { processesInNetwork, seedNamespace } from '../../src/rack/network.ts';
import { runningProcesses } from '../../src/rack/process-record.ts';
import { startRack, tearDownRack } from '../../src/rack/start-rack.ts';
import type { SeedConfig } from './fake-seed.ts';
import { machineSpec, namespacesOf, rackSpec, whyNoRack } from './rack-host.ts';

const cannot = whyNoRack();
if (cannot) console.log(`skipped, ${cannot}: test/host/fake-machine.test.ts`);

const dir = mkdtempSync(join(tmpdir(), 'bs-fake-'));
const [bios, uefi, wrong, silent] = [
  machineSpec(1, 'bios'),
  machineSpec(2, 'uefi'),
  machineSpec(3, 'bios'),
  { ...machineSpec(4, 'bios'), behaviours: ['silent'] },
];
const spec = rackSpec('bsf-deploy', join(dir, 'rack'), [bios, uefi, wrong, silent]);
const seen: { what: string; atMs: number; [fact: string]: unknown }[] = [];
const of = (what: string, name: string) => seen.find((line) => line.what === what && line['name'] === name);

const powerOn = () => Promise.all(spec.machines.map(({ name }) => pressPower(spec.dir, name, 'On')));

async function runSeed(config: SeedConfig): Promise<number | null> {
  const file = join(dir, 'seed.json');
  writeFileSync(file, JSON.stringify(config));
  const main = new URL('./fake-seed.ts', import.meta.url).pathname;
  const args = [
    'netns',
    'exec',
    seedNamespace(spec.name),
    process.execPath,
    '--disable-warning=ExperimentalWarning',
  ];
  const seed = spawn('ip', [...args, main, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: seed.stdout }).on('line', (line) => {
    seen.push(JSON.parse(line));
    if (seen.at(-1)?.what === 'serving') void powerOn();
    if (process.env['BLACKSTART_TEST_VERBOSE']) console.log(line);
  });
  return new Promise((resolve) => seed.on('close', resolve));
}

const historyOf = async (name: string) => {
  const { machines } = await rackStatus(spec.dir);
  return machines.find((machine) => machine.name === name)?.history ?? [];
};
const eventsOf = async (name: string) => (await historyOf(name)).map(({ kind }) => kind);
const fetchedBy = async (name: string) =>
  (await historyOf(name)).filter(({ kind }) => kind === 'ipxe-fetched').map(({ why }) => why);

describe.skipIf(cannot)('simulated machines under a real Ironic', () => {
  beforeAll(async () => {
    const keys = ssh2.utils.generateKeyPairSync('ed25519');
    await startRack(spec, { kind: 'fake', clock: systemClock, signal: new AbortController().signal });
    const exitCode = await runSeed({
      dir: join(dir, 'seed'),
      cacheDir: process.env['BLACKSTART_CACHE'] ?? '/var/cache/blackstart',
      address: spec.provisioning.seedAddress,
      bmcCertificate: certificateFile(spec.dir),
      machines: [bios, uefi, wrong],
      privateKey: keys.private,
      publicKey: keys.public,
      wrongChecksum: [wrong.name],
      tornDown: [bios.name],
      rebuilt: [uefi.name],
    });
    expect(exitCode).toBe(0);
  });

  afterAll(async () => {
    if (cannot) return;
    await tearDownRack(spec.name, spec.dir, systemClock);
    rmSync(dir, { recursive: true, force: true });
  });

  test.each([bios, uefi])(
    '$firmware: is deployed by one boot of the agent, and logged in to',
    async (machine) => {
      expect(of('failed', machine.name)).toBeUndefined();
      expect(of('login', machine.name)?.['facts']).toMatchObject({
        hostname: machine.name,
        systemUuid: machine.uuid,
        rootDisk: { name: 'vda', serial: machine.diskSerial },
        cloudInitDone: true,
      });
      const events = await eventsOf(machine.name);
      const untilLogin = events.slice(0, events.indexOf('ssh-command'));
      expect(untilLogin.filter((kind) => kind === 'kernel')).toHaveLength(1);
      expect(untilLogin.filter((kind) => kind === 'image-written')).toHaveLength(1);
      const sha256 = of('active', machine.name)?.['sha256'];
      expect(readDiskWrites(join(spec.dir, machine.name))[0]).toMatchObject({
        ...{ sha256, node: of('login', machine.name)?.['uuid'] },
        url: expect.stringContaining('/images/image.raw'),
      });
    },
  );

  test("is torn down by a boot of Ironic's own, which leaves an empty disk", async () => {
    expect(of('torn down', bios.name)).toBeDefined();
    expect(new FakeDisk(join(spec.dir, bios.name)).read().image).toBeNull();
    expect(readDiskWrites(join(spec.dir, bios.name))).toHaveLength(1);
    expect(await fetchedBy(bios.name)).toContainEqual(expect.stringContaining('/ironic/pxelinux.cfg/'));
  });

  test("is rebuilt by a boot of Ironic's own: written twice, and logged in to", async () => {
    expect(of('rebuilt', uefi.name)?.['facts']).toMatchObject({ hostname: uefi.name });
    expect(readDiskWrites(join(spec.dir, uefi.name))).toHaveLength(2);
    expect((await eventsOf(uefi.name)).filter((kind) => kind === 'kernel')).toHaveLength(2);
    expect(await fetchedBy(uefi.name)).toContainEqual(expect.stringContaining('/ironic/pxelinux.cfg/'));
  });

  test("a wrong checksum fails the deploy with the agent's own words, and leaves no system", async () => {
    expect(of('failed', wrong.name)).toMatchObject({
      code: 'E_NODE_FAILED',
      message: expect.stringContaining('Image failed to verify against checksum'),
    });
    expect(readDiskWrites(join(spec.dir, wrong.name))).toEqual([]);
    expect(new FakeDisk(join(spec.dir, wrong.name)).read().image).toBeNull();
  });

  test('a silent machine loads the ramdisk and is never heard of', async () => {
    const events = await eventsOf(silent.name);
    expect(events.slice(-2)).toEqual(['kernel', 'silent']);
  });

  test('what is on the disk outlives a power cut, with the same host key', async () => {
    const before = new FakeDisk(join(spec.dir, uefi.name)).read();
    await pressPower(spec.dir, uefi.name, 'ForceOff');
    await pressPower(spec.dir, uefi.name, 'On');
    await vi.waitFor(async () => expect((await eventsOf(uefi.name)).at(-1)).toBe('system-booting'));
    expect(new FakeDisk(join(spec.dir, uefi.name)).read()).toEqual(before);
    expect(before.hostKey).toContain('OPENSSH PRIVATE KEY');
  });

  test('when the rack is taken down, nothing runs on', async () => {
    const running = await runningProcesses(spec.dir);
    expect(running.filter(({ what }) => what.startsWith('simulated')).length).toBeGreaterThan(2);
    await tearDownRack(spec.name, spec.dir, systemClock);
    expect(running.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(await processesInNetwork(spec.name)).toEqual([]);
    expect(await namespacesOf(spec.name)).toEqual([]);
  });
});

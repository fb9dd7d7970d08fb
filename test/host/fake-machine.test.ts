import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { certificateFile } from '../../src/rack/bmc/certificate.ts';
import { pressPower, rackStatus } from '../../src/rack/control.ts';
import { readDiskWrites } from '../../src/rack/fake-disk.ts';
import { processesInNetwork, seedNamespace } from '../../src/rack/network.ts';
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
    if (process.env['BLACKSTART_TEST_VERBOSE']) console.log(line);
  });
  return new Promise((resolve) => seed.on('close', resolve));
}

const eventsOf = async (name: string): Promise<string[]> => {
  const { machines } = await rackStatus(spec.dir);
  return machines.find((machine) => machine.name === name)?.history.map(({ kind }) => kind) ?? [];
};

describe.skipIf(cannot)('simulated machines under a real Ironic', () => {
  beforeAll(async () => {
    const keys = ssh2.utils.generateKeyPairSync('ed25519');
    await startRack(spec, { kind: 'fake', clock: systemClock, signal: new AbortController().signal });
    for (const { name } of spec.machines) await pressPower(spec.dir, name, 'On');
    const exitCode = await runSeed({
      dir: join(dir, 'seed'),
      cacheDir: process.env['BLACKSTART_CACHE'] ?? '/var/cache/blackstart',
      address: spec.provisioning.seedAddress,
      bmcCertificate: certificateFile(spec.dir),
      machines: [bios, uefi, wrong],
      privateKey: keys.private,
      publicKey: keys.public,
      wrongChecksum: [wrong.name],
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
      expect(events.filter((kind) => kind === 'kernel')).toHaveLength(1);
      expect(events.filter((kind) => kind === 'image-written')).toHaveLength(1);
      const sha256 = of('active', machine.name)?.['sha256'];
      expect(readDiskWrites(join(spec.dir, machine.name))).toMatchObject([
        {
          sha256,
          node: of('login', machine.name)?.['uuid'],
          url: expect.stringContaining('/images/image.raw'),
        },
      ]);
    },
  );
});

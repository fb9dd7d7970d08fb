import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { run } from '../../src/exec/run.ts';
import { ensureVenv } from '../../src/exec/venv.ts';
import { certificateFile } from '../../src/rack/bmc/certificate.ts';
import { bootTargetsOf } from '../../src/rack/boot-override.ts';
import { attachConsole, pressPower, rackStatus, setBmcFault } from '../../src/rack/control.ts';
import type { MachineSpec } from '../../src/rack/machine.ts';
import {
  createRackNetwork,
  destroyRackNetwork,
  processesInNetwork,
  rackNamespace,
  seedNamespace,
} from '../../src/rack/network.ts';
import { runningProcesses } from '../../src/rack/process-record.ts';
import { startRack, tearDownRack } from '../../src/rack/start-rack.ts';
import { machineSpec, namespacesOf, rackSpec, whyNoRack } from './rack-host.ts';

const CACHE = process.env['BLACKSTART_CACHE'] ?? '/var/cache/blackstart';
const SUSHY = 'sushy==5.14.0';
const cannot = whyNoRack();
if (cannot) console.log(`skipped, ${cannot}: test/host/rack.test.ts`);

const dir = mkdtempSync(join(tmpdir(), 'bs-rack-'));
const bios = machineSpec(1, 'bios');
const uefi = machineSpec(2, 'uefi');
const spec = rackSpec('bsr-host', dir, [bios, uefi]);
const options = { kind: 'qemu', clock: systemClock, signal: new AbortController().signal } as const;
const inSeed = (...command: string[]) => ['netns', 'exec', seedNamespace(spec.name), ...command];

afterAll(async () => {
  if (!cannot) await tearDownRack(spec.name, dir, systemClock);
  rmSync(dir, { recursive: true, force: true });
});

describe.skipIf(cannot)("the rack's network", () => {
  const network = rackSpec('bsr-net', dir, [bios, uefi]);

  test('is made twice and removed twice', async () => {
    await createRackNetwork(network);
    await createRackNetwork(network);
    expect((await namespacesOf('bsr-net')).sort()).toEqual(['bsr-net-rack', 'bsr-net-seed']);
    await destroyRackNetwork('bsr-net');
    await destroyRackNetwork('bsr-net');
    expect(await namespacesOf('bsr-net')).toEqual([]);
  });

  test('gives the rack no address on the provisioning network, and forwards nothing', async () => {
    await createRackNetwork(network);
    try {
      const rack = rackNamespace('bsr-net');
      const { stdout } = await run('ip', ['-n', rack, '-j', 'addr', 'show']);
      const links: { ifname: string; addr_info: { local: string }[] }[] = JSON.parse(stdout);
      const addresses = links.map((link) => [link.ifname, link.addr_info.map(({ local }) => local)]);
      expect(Object.fromEntries(addresses)).toEqual({
        lo: ['127.0.0.1', '::1'],
        prov: [],
        mgmt: [bios.bmc.address, uefi.bmc.address],
        'prov-seed': [],
        'mgmt-seed': [],
        tap0: [],
        tap1: [],
      });
      for (const namespace of [rack, seedNamespace('bsr-net')]) {
        const read = ['netns', 'exec', namespace, 'cat', '/proc/sys/net/ipv4/ip_forward'];
        expect((await run('ip', read)).stdout.trim()).toBe('0');
      }
    } finally {
      await destroyRackNetwork('bsr-net');
    }
  });

  test('with a name too long for an interface is refused', async () => {
    await expect(destroyRackNetwork('a-rack-with-a-long-name')).rejects.toMatchObject({
      code: 'E_RACK_NAME',
    });
  });
});

describe.skipIf(cannot)('the rack', () => {
  beforeAll(async () => {
    await startRack(spec, options);
  });

  test('starts with all machines off', async () => {
    const { machines } = await rackStatus(dir);
    expect(machines.map(({ name, power, history }) => [name, power, history])).toEqual([
      ['m1', 'Off', []],
      ['m2', 'Off', []],
    ]);
  });

  test.each([bios, uefi])('$firmware: real sushy gets on with the virtual BMC', async (machine) => {
    const venv = await ensureVenv({ name: 'sushy', requirements: [SUSHY] }, CACHE, () => {});
    const { stdout } = await run(
      'ip',
      inSeed(join(venv, 'bin/python'), 'test/host/sushy-contract.py', ...sushyArgs(machine)),
      { timeoutMs: 120_000 },
    );
    expect(stdout).toMatch(/^\d+ checks passed with sushy$/m);
  });

  test.each([bios, uefi])('$firmware: an empty machine asks for an address', async (machine) => {
    const filter = `ether src ${machine.mac} and udp dst port 67`;
    const heard = run('ip', inSeed('tcpdump', '-i', 'prov0', '-n', '-e', '-v', '-c', '1', filter), {
      timeoutMs: 200_000,
    });
    await pressPower(dir, machine.name, 'On');
    const { stdout } = await heard;
    expect(stdout).toContain(machine.mac);
    expect(stdout).toMatch(/DHCP-Message.*Discover/);
    expect(stdout).toContain(machine.firmware === 'uefi' ? 'PXEClient:Arch:00007' : 'PXEClient:Arch:00000');
    const text = await readFile((await statusOf(machine)).consoleLog, 'utf8');
    expect(text).toContain(machine.firmware === 'uefi' ? 'BdsDxe' : 'iPXE');
    await pressPower(dir, machine.name, 'ForceOff');
    expect(await statusOf(machine)).toMatchObject({ power: 'Off' });
  });

  test('the console shows what the firmware prints, and takes keys', async () => {
    await pressPower(dir, bios.name, 'On');
    const console = await attachConsole(dir, bios.name);
    let seen = '';
    console.on('data', (bytes: Buffer) => {
      seen += bytes.toString('latin1');
    });
    await vi.waitFor(() => expect(seen).toContain('Press Ctrl-B'));
    const typing = setInterval(() => console.write('\x02'), 200);
    await vi.waitFor(() => expect(seen).toContain('iPXE>'));
    clearInterval(typing);
    console.write('reboot\n');
    await vi.waitFor(
      async () => expect((await statusOf(bios)).history.at(-1)).toMatchObject({ kind: 'reboot' }),
      { interval: 100 },
    );
    expect((await statusOf(bios)).power).toBe('On');
    console.destroy();
    await pressPower(dir, bios.name, 'ForceOff');
  });

  test('refuses what it does not know', async () => {
    await expect(pressPower(dir, 'm9', 'On')).rejects.toMatchObject({ code: 'E_RACK_REFUSED' });
    await expect(attachConsole(dir, 'm9')).rejects.toMatchObject({ code: 'E_RACK_REFUSED' });
  });

  test('a fault is set from outside, and shown', async () => {
    await setBmcFault(dir, bios.name, { kind: 'busy' });
    expect((await statusOf(bios)).fault).toBe('busy');
    await setBmcFault(dir, bios.name, null);
    expect((await statusOf(bios)).fault).toBeNull();
  });

  test('a QEMU that dies is a machine that is off, with a reason', async () => {
    await pressPower(dir, bios.name, 'On');
    const qemu = (await runningProcesses(dir)).find(({ what }) => what === `qemu ${bios.name}`);
    process.kill(qemu?.pid ?? Number.NaN, 'SIGKILL');
    await vi.waitFor(async () => expect((await statusOf(bios)).power).toBe('Off'));
    expect((await statusOf(bios)).history.at(-1)).toMatchObject({ kind: 'died' });
  });

  test('a rack that is killed takes its machines along, and the next one starts', async () => {
    await pressPower(dir, bios.name, 'On');
    await pressPower(dir, uefi.name, 'On');
    const { pid } = await rackStatus(dir);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await processesInNetwork(spec.name)).toEqual([]));
    await expect(rackStatus(dir)).rejects.toMatchObject({ code: 'E_RACK_DOWN' });
    const again = await startRack(spec, options);
    expect(again.machines.map(({ power }) => power)).toEqual(['Off', 'Off']);
    expect(again.pid).not.toBe(pid);
  });

  test('ends with all its machines, and leaves no namespace and no process', async () => {
    await pressPower(dir, bios.name, 'On');
    await tearDownRack(spec.name, dir, systemClock);
    expect(await runningProcesses(dir)).toEqual([]);
    expect(await namespacesOf(spec.name)).toEqual([]);
    await tearDownRack(spec.name, dir, systemClock);
  });
});

describe.skipIf(cannot)('a rack of simulated machines', () => {
  const fakeDir = join(dir, 'fake');
  const fake = rackSpec('bsr-fake', fakeDir, [bios]);

  test('starts, and switches its machine on and off', async () => {
    await startRack(fake, { ...options, kind: 'fake' });
    try {
      await pressPower(fakeDir, bios.name, 'On');
      expect((await rackStatus(fakeDir)).machines).toMatchObject([{ name: bios.name, power: 'On' }]);
      await pressPower(fakeDir, bios.name, 'ForceOff');
      expect((await rackStatus(fakeDir)).machines).toMatchObject([{ name: bios.name, power: 'Off' }]);
    } finally {
      await tearDownRack(fake.name, fakeDir, systemClock);
    }
  });

  test('with a BMC address that is none says so, and leaves nothing behind', async () => {
    const broken = { ...bios, bmc: { ...bios.bmc, address: '10.99.0.300' } };
    const starting = startRack(rackSpec('bsr-fake', fakeDir, [broken]), { ...options, kind: 'fake' });
    await expect(starting).rejects.toMatchObject({ code: 'E_PROGRAM_FAILED' });
    expect(await namespacesOf('bsr-fake')).toEqual([]);
    const noCertificate = { ...bios, bmc: { ...bios.bmc, port: 70_000 } };
    const again = startRack(rackSpec('bsr-fake', fakeDir, [noCertificate]), { ...options, kind: 'fake' });
    await expect(again).rejects.toMatchObject({
      code: 'E_RACK_DOWN',
      remedy: expect.stringContaining('70000'),
    });
    expect(await namespacesOf('bsr-fake')).toEqual([]);
  });
});

const statusOf = async ({ name }: MachineSpec) => {
  const { machines } = await rackStatus(dir);
  const found = machines.find((machine) => machine.name === name);
  if (!found) throw new Error(`no machine ${name}`);
  return found;
};

const sushyArgs = (machine: MachineSpec): string[] => [
  `https://${machine.bmc.address}:${machine.bmc.port}`,
  JSON.stringify({
    ...machine.bmc,
    ca: certificateFile(dir),
    name: machine.name,
    uuid: machine.uuid,
    serial: machine.serial,
    mac: machine.mac,
    cpus: machine.cpus,
    memoryGib: machine.memoryMib / 1024,
    diskSerial: machine.diskSerial,
    diskBytes: machine.diskGib * 1024 ** 3,
    uefi: machine.firmware === 'uefi',
    targets: bootTargetsOf(machine.firmware),
  }),
];

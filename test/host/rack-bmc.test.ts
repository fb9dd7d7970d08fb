import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openBmc } from '../../src/bmc/open-bmc.ts';
import { systemClock } from '../../src/clock.ts';
import { run } from '../../src/exec/run.ts';
import { silentLog } from '../../src/log.ts';
import { type Certificate, makeCertificate } from '../../src/rack/bmc/certificate.ts';
import type { FaultKind } from '../../src/rack/bmc/fault.ts';
import { serveBmc } from '../../src/rack/bmc/serve-bmc.ts';
import type { MachineSpec } from '../../src/rack/machine.ts';
import { createQemuMachine } from '../../src/rack/qemu-machine.ts';
import { bmcContract, CONTRACT_PATIENCE } from '../contract/bmc.ts';
import { machineSpec, rackSpec, whyNoRack } from './rack-host.ts';

const TAP = 'bsr-tap0'; // in no bridge: the machine's DHCP requests reach nobody
const cannot = whyNoRack();
if (cannot) console.log(`skipped, ${cannot}: test/host/rack-bmc.test.ts`);

const dir = mkdtempSync(join(tmpdir(), 'bs-rack-bmc-'));
let certificate: Certificate;

beforeAll(async () => {
  if (cannot) return;
  certificate = await makeCertificate(dir, ['127.0.0.1']);
  await run('ip', ['tuntap', 'add', TAP, 'mode', 'tap']);
});
afterAll(async () => {
  if (!cannot) await run('ip', ['link', 'del', TAP]);
  rmSync(dir, { recursive: true, force: true });
});

/** A QEMU machine behind a virtual BMC, in this process and on the loopback. */
const start = (firmware: 'bios' | 'uefi') => async () => {
  const base = machineSpec(1, firmware);
  const spec: MachineSpec = { ...base, bmc: { ...base.bmc, address: '127.0.0.1', port: 0 } };
  const rackDir = await mkdtemp(join(dir, 'rack-'));
  const machineDir = join(rackDir, spec.name);
  await mkdir(machineDir);
  const rack = rackSpec('bsr-bmc', rackDir, [spec]);
  const machine = await createQemuMachine(spec, {
    ...{ rack, dir: machineDir, tap: TAP, clock: systemClock, log: silentLog },
  });
  const bmc = await serveBmc(machine, { tls: certificate, clock: systemClock, log: silentLog });
  const { username, password } = spec.bmc;
  const settings = { protocol: 'redfish', url: bmc.url, username, password } as const;
  return {
    open: (changes = {}) =>
      openBmc(
        { ...settings, verifyTls: { ca: certificate.cert }, ...changes },
        { patience: CONTRACT_PATIENCE },
      ),
    setFault: async (kind: FaultKind | null) => {
      bmc.setFault(kind === null ? null : { kind });
    },
    expected: {
      uuid: spec.uuid,
      serial: spec.serial,
      macs: [spec.mac],
      memoryGib: 1,
      diskSerials: [spec.diskSerial],
      bmcMacs: [spec.bmc.mac],
    },
    async close() {
      await bmc.close();
      await machine.close();
    },
  };
};

if (cannot) describe.skip(`the virtual BMC (${cannot})`, () => void test('keeps the contract', () => {}));
else {
  bmcContract('a BIOS machine of the virtual rack', start('bios'));
  bmcContract('a UEFI machine of the virtual rack', start('uefi'));
}

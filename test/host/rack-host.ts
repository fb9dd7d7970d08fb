import { existsSync } from 'node:fs';
import { run } from '../../src/exec/run.ts';
import type { MachineSpec, RackSpec } from '../../src/rack/machine.ts';

const PROGRAMS = [
  '/usr/bin/qemu-system-x86_64',
  '/usr/bin/qemu-img',
  '/usr/share/OVMF/OVMF_CODE_4M.fd',
  '/usr/bin/tcpdump',
  '/usr/bin/openssl',
];

/** Why no virtual rack can run here, or null. */
export function whyNoRack(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const absent = PROGRAMS.filter((path) => !existsSync(path));
  return absent.length > 0 ? `no ${absent.join(', ')}` : null;
}

export function machineSpec(number: number, firmware: 'bios' | 'uefi'): MachineSpec {
  const hex = String(number).padStart(2, '0');
  return {
    name: `m${number}`,
    firmware,
    uuid: `6f1c2b1e-52aa-4000-8000-0000000000${hex}`,
    serial: `SN-${number}, rev A`,
    mac: `52:54:00:aa:00:${hex}`,
    cpus: 2,
    memoryMib: 1024,
    diskGib: 3,
    diskSerial: `DISK-${number}`,
    bmc: {
      address: `10.78.0.${10 + number}`,
      port: 443,
      username: 'admin',
      password: 'a pass:word',
      mac: `52:54:00:bb:00:${hex}`,
    },
  };
}

export const rackSpec = (name: string, dir: string, machines: readonly MachineSpec[]): RackSpec => ({
  name,
  dir,
  provisioning: { seedInterface: 'prov0', seedAddress: '10.77.0.1', prefix: 24 },
  management: { seedInterface: 'mgmt0', seedAddress: '10.78.0.1', prefix: 24 },
  machines,
});

export const namespacesOf = async (name: string): Promise<string[]> => {
  const { stdout } = await run('ip', ['netns', 'list']);
  return stdout
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((namespace) => namespace.startsWith(`${name}-`));
};

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { tryRun } from '../../src/exec/run.ts';

const OVMF_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const OVMF_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';
const PROGRAMS = ['/usr/bin/qemu-system-x86_64', '/usr/bin/genisoimage', '/usr/bin/mmdebstrap', OVMF_CODE];

/** Why no artefact can be built and booted here, or null. */
export function whyNoArtefacts(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const absent = PROGRAMS.filter((path) => !existsSync(path));
  return absent.length > 0 ? `no ${absent.join(', ')}` : null;
}

export interface TestMachine {
  readonly firmware: 'bios' | 'uefi';
  /** Where the firmware's variables, the console's log and so on are kept. */
  readonly dir: string;
  readonly mac: string;
  readonly uuid: string;
  readonly serial: string;
  /** Further arguments: disks, a kernel. */
  readonly args: readonly string[];
  /** Host ports on the loopback address, by the guest's port. */
  readonly ports: Readonly<Record<number, number>>;
}

export const consoleOf = (machine: Pick<TestMachine, 'dir' | 'firmware'>) =>
  join(machine.dir, `${machine.firmware}-console.log`);

/** Starts a machine under emulation, on QEMU's user network. Returns what ends it. */
export async function startMachine(machine: TestMachine): Promise<() => Promise<void>> {
  const vars = join(machine.dir, 'vars.fd');
  if (machine.firmware === 'uefi') await copyFile(OVMF_VARS, vars);
  const flash = (unit: number, file: string, mode: string) => [
    '-drive',
    `if=pflash,unit=${unit},format=raw,file=${file}${mode}`,
  ];
  const forwards = Object.entries(machine.ports).map(
    ([guest, host]) => `,hostfwd=tcp:127.0.0.1:${host}-:${guest}`,
  );
  const end = new AbortController();
  const running = tryRun(
    'qemu-system-x86_64',
    [
      ...[
        '-accel',
        'tcg',
        '-cpu',
        'max',
        '-machine',
        'q35,graphics=off',
        '-m',
        '1536',
        '-smp',
        '1',
        '-nodefaults',
      ],
      ...['-display', 'none', '-serial', `file:${consoleOf(machine)}`, '-device', 'virtio-rng-pci'],
      ...['-uuid', machine.uuid, '-smbios', `type=1,serial=${machine.serial},uuid=${machine.uuid}`],
      ...['-netdev', `user,id=n0${forwards.join('')}`],
      ...['-device', `virtio-net-pci,netdev=n0,mac=${machine.mac},romfile=`],
      ...(machine.firmware === 'uefi' ? [...flash(0, OVMF_CODE, ',readonly=on'), ...flash(1, vars, '')] : []),
      ...machine.args,
    ],
    { signal: end.signal },
  );
  running.catch(() => {});
  return async () => {
    end.abort();
    await running.catch(() => {});
  };
}

/** A TCP port of the loopback address that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

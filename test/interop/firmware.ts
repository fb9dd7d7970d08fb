import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { TAP } from './segment.ts';

/** A kind of virtual machine, by what it boots with. */
export interface Firmware {
  readonly name: string;
  /** What its package is for Debian, and the files that say it is there. */
  readonly needs: readonly string[];
  readonly mac: string;
  /** How long it may take on a slow host. */
  readonly limitMs: number;
  argv(dir: string): string[];
}

const OVMF = '/usr/share/OVMF';
const BIOS_MAC = '52:54:00:91:00:01';

const common = (mac: string, rom = ''): string[] => [
  ...['-accel', 'tcg,thread=multi', '-m', '1536', '-nodefaults', '-display', 'none', '-no-reboot'],
  ...['-device', 'virtio-rng-pci'],
  ...['-netdev', `tap,id=n0,ifname=${TAP},script=no,downscript=no`],
  ...['-device', `virtio-net-pci,netdev=n0,mac=${mac},bootindex=1${rom}`],
];

const setting = (name: string) => ['-fw_cfg', `name=opt/org.tianocore/${name},string=n`];

/** A UEFI machine's flash: the code as it is, the variables as a copy of its own. */
function flash(dir: string, code: string, vars: string): string[] {
  const own = join(dir, 'vars.fd');
  copyFileSync(vars, own);
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${own}`],
  ];
}

function ovmf(name: string, mac: string, settings: readonly string[]): Firmware {
  const [code, vars] = [`${OVMF}/OVMF_CODE_4M.fd`, `${OVMF}/OVMF_VARS_4M.fd`];
  return {
    name,
    needs: ['/usr/bin/qemu-system-x86_64', code, vars],
    mac,
    limitMs: 240_000,
    argv: (dir) => [
      ...['qemu-system-x86_64', '-cpu', 'max', '-machine', 'q35'],
      ...common(mac, ',romfile='),
      ...flash(dir, code, vars),
      ...settings.flatMap(setting),
    ],
  };
}

/** Secure Boot with Microsoft's keys enrolled, as servers come from the factory. */
function ovmfSecure(name: string, mac: string): Firmware {
  const [code, vars] = [`${OVMF}/OVMF_CODE_4M.secboot.fd`, `${OVMF}/OVMF_VARS_4M.ms.fd`];
  return {
    name,
    needs: ['/usr/bin/qemu-system-x86_64', code, vars],
    mac,
    limitMs: 240_000,
    argv: (dir) => [
      ...['qemu-system-x86_64', '-cpu', 'max', '-machine', 'q35,smm=on'],
      ...['-global', 'driver=cfi.pflash01,property=secure,value=on', '-global', 'ICH9-LPC.disable_s3=1'],
      ...common(mac, ',romfile='),
      ...flash(dir, code, vars),
      ...setting('IPv6Support'),
    ],
  };
}

const [AAVMF_CODE, AAVMF_VARS] = ['/usr/share/AAVMF/AAVMF_CODE.fd', '/usr/share/AAVMF/AAVMF_VARS.fd'];

/** Every firmware that can be had here. Each has a MAC address of its own, so that traces tell them apart. */
export const FIRMWARES = {
  bios: {
    name: 'SeaBIOS and the iPXE ROM',
    needs: ['/usr/bin/qemu-system-x86_64'],
    mac: BIOS_MAC,
    limitMs: 120_000,
    argv: () => ['qemu-system-x86_64', '-cpu', 'max', '-machine', 'q35,graphics=off', ...common(BIOS_MAC)],
  },
  pxe: ovmf('OVMF, PXE', '52:54:00:91:00:02', ['IPv6Support']),
  http: ovmf('OVMF, HTTP boot', '52:54:00:91:00:03', ['IPv6Support', 'IPv4PXESupport']),
  pxe6: ovmf('OVMF, PXE over IPv6', '52:54:00:91:00:06', ['IPv4PXESupport']),
  secure: ovmfSecure('OVMF with Secure Boot', '52:54:00:91:00:04'),
  arm64: {
    name: 'AAVMF on arm64',
    needs: ['/usr/bin/qemu-system-aarch64', AAVMF_CODE, AAVMF_VARS],
    mac: '52:54:00:91:00:05',
    limitMs: 400_000,
    argv: (dir) => [
      ...['qemu-system-aarch64', '-cpu', 'cortex-a57', '-machine', 'virt'],
      ...common('52:54:00:91:00:05', ',romfile='),
      ...flash(dir, AAVMF_CODE, AAVMF_VARS),
    ],
  },
} satisfies Record<string, Firmware>;

export type FirmwareName = keyof typeof FIRMWARES;

import type { BootTarget } from './boot-override.ts';
import type { MachineSpec } from './machine.ts';

/** Debian's package `ovmf`. The variables are copied for each machine, which then owns its copy. */
const OVMF_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
export const OVMF_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/** The numbers under which QEMU finds the two sockets that it inherits. */
export const QMP_FD = 3;
export const SERIAL_FD = 4;

export interface QemuFiles {
  readonly disk: string;
  /** The machine's UEFI variables; unused by BIOS machines. */
  readonly vars: string;
  readonly tap: string;
}

/**
 * The QEMU command line of one boot. Software emulation only, so that it runs on any host and inside virtual
 * machines. `-no-reboot`: a guest's reset ends QEMU, and the next boot gets the boot order that is wanted then.
 */
export function qemuArgv(spec: MachineSpec, target: BootTarget, files: QemuFiles): string[] {
  return [
    ...['-name', spec.name, '-accel', 'tcg,thread=multi', '-cpu', 'max'],
    ...['-smp', String(spec.cpus), '-m', String(spec.memoryMib)],
    ...['-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-chardev', `socket,id=qmp,fd=${QMP_FD}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=serial,fd=${SERIAL_FD}`, '-serial', 'chardev:serial'],
    ...['-uuid', spec.uuid, '-smbios', smbiosSystem(spec)],
    ...firmware(spec, target, files),
    ...network(spec, target, files),
    ...disk(spec, target, files),
    ...['-device', 'virtio-rng-pci'],
  ];
}

const smbiosSystem = (spec: MachineSpec): string =>
  `type=1,manufacturer=Blackstart,product=Virtual Rack Server,serial=${escaped(spec.serial)},uuid=${spec.uuid}`;

/** In QEMU's option strings a comma is doubled. */
const escaped = (text: string): string => text.replaceAll(',', ',,');

/**
 * SeaBIOS shows its console on the serial line only with `graphics=off`. OVMF tries PXE by IPv6 for a minute
 * after IPv4 unless told not to.
 */
function firmware(spec: MachineSpec, target: BootTarget, { vars }: QemuFiles): string[] {
  if (spec.firmware === 'bios') return ['-machine', 'q35,graphics=off'];
  return [
    ...['-machine', 'q35'],
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${OVMF_CODE}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${escaped(vars)}`],
    ...['-fw_cfg', 'name=opt/org.tianocore/IPv6Support,string=n'],
    ...(target === 'UefiHttp' ? ['-fw_cfg', 'name=opt/org.tianocore/IPv4PXESupport,string=n'] : []),
  ];
}

/**
 * SeaBIOS boots by the NIC's default ROM (another file than the default is never asked for an address); an
 * empty ROM leaves a UEFI machine its own PXE and HTTP clients.
 */
function network(spec: MachineSpec, target: BootTarget, { tap }: QemuFiles): string[] {
  const rom = spec.firmware === 'uefi' ? ',romfile=' : '';
  const index = networkFirst(spec, target) ? 1 : 2;
  return [
    ...['-netdev', `tap,id=prov,ifname=${tap},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=prov,mac=${spec.mac},bootindex=${index}${rom}`],
  ];
}

/** `cache=unsafe`: the host's crash may lose the disk, which a rehearsal makes anew anyhow. */
function disk(spec: MachineSpec, target: BootTarget, files: QemuFiles): string[] {
  const index = networkFirst(spec, target) ? 2 : 1;
  const serial = escaped(spec.diskSerial);
  return [
    ...['-drive', `file=${escaped(files.disk)},if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap`],
    ...['-device', `virtio-blk-pci,drive=disk,serial=${serial},bootindex=${index}`],
  ];
}

const networkFirst = (spec: MachineSpec, target: BootTarget): boolean =>
  target === 'None' ? spec.bootOrder === 'network-first' : target !== 'Hdd';

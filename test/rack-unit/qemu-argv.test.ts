import { describe, expect, test } from 'vitest';
import type { BootTarget } from '../../src/rack/boot-override.ts';
import type { MachineSpec } from '../../src/rack/machine.ts';
import { qemuArgv } from '../../src/rack/qemu-argv.ts';
import { SPEC } from './bench-machine.ts';

const FILES = { disk: '/rack/lab-1/disk.qcow2', vars: '/rack/lab-1/uefi-vars.fd', tap: 'tap0' };

/** One option a line, as a person would read it. */
const print = (spec: MachineSpec, target: BootTarget) =>
  qemuArgv(spec, target, FILES)
    .join(' ')
    .replaceAll(/ -(?=[a-z])/g, '\n-');

test('the command line of a BIOS machine', () => {
  expect(print({ ...SPEC, serial: 'SN,1' }, 'Pxe')).toMatchInlineSnapshot(`
    "-name lab-1
    -accel tcg,thread=multi
    -cpu max
    -smp 2
    -m 2048
    -nodefaults
    -display none
    -no-reboot
    -chardev socket,id=qmp,fd=3
    -mon chardev=qmp,mode=control
    -chardev socket,id=serial,fd=4
    -serial chardev:serial
    -uuid 6f1c2b1e-52aa-4000-8000-000000000001
    -smbios type=1,manufacturer=Blackstart,product=Virtual Rack Server,serial=SN,,1,uuid=6f1c2b1e-52aa-4000-8000-000000000001
    -machine q35,graphics=off
    -netdev tap,id=prov,ifname=tap0,script=no,downscript=no
    -device virtio-net-pci,netdev=prov,mac=52:54:00:aa:00:01,bootindex=1
    -drive file=/rack/lab-1/disk.qcow2,if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap
    -device virtio-blk-pci,drive=disk,serial=DISK-0001,bootindex=2
    -device virtio-rng-pci"
  `);
});

test('the command line of a UEFI machine', () => {
  expect(print({ ...SPEC, firmware: 'uefi' }, 'UefiHttp')).toMatchInlineSnapshot(`
    "-name lab-1
    -accel tcg,thread=multi
    -cpu max
    -smp 2
    -m 2048
    -nodefaults
    -display none
    -no-reboot
    -chardev socket,id=qmp,fd=3
    -mon chardev=qmp,mode=control
    -chardev socket,id=serial,fd=4
    -serial chardev:serial
    -uuid 6f1c2b1e-52aa-4000-8000-000000000001
    -smbios type=1,manufacturer=Blackstart,product=Virtual Rack Server,serial=SN-0001,uuid=6f1c2b1e-52aa-4000-8000-000000000001
    -machine q35
    -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
    -drive if=pflash,unit=1,format=raw,file=/rack/lab-1/uefi-vars.fd
    -fw_cfg name=opt/org.tianocore/IPv6Support,string=n
    -fw_cfg name=opt/org.tianocore/IPv4PXESupport,string=n
    -netdev tap,id=prov,ifname=tap0,script=no,downscript=no
    -device virtio-net-pci,netdev=prov,mac=52:54:00:aa:00:01,bootindex=1,romfile=
    -drive file=/rack/lab-1/disk.qcow2,if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap
    -device virtio-blk-pci,drive=disk,serial=DISK-0001,bootindex=2
    -device virtio-rng-pci"
  `);
});

describe('what is tried first', () => {
  const order = (spec: MachineSpec, target: BootTarget) => {
    const args = qemuArgv(spec, target, FILES);
    const indexOf = (device: string) =>
      /bootindex=(\d)/.exec(args.find((arg) => arg.startsWith(device)) ?? '')?.[1];
    return indexOf('virtio-net-pci') === '1' && indexOf('virtio-blk-pci') === '2' ? 'network' : 'disk';
  };
  test.each([
    ['Pxe', undefined, 'network'],
    ['UefiHttp', undefined, 'network'],
    ['Hdd', 'network-first', 'disk'],
    ['None', undefined, 'disk'],
    ['None', 'network-first', 'network'],
  ] as const)('%s with the order %s: %s', (target, bootOrder, first) => {
    expect(order({ ...SPEC, ...(bootOrder ? { bootOrder } : {}) }, target)).toBe(first);
  });
});

test('HTTP boot alone turns PXE off', () => {
  const uefi: MachineSpec = { ...SPEC, firmware: 'uefi' };
  const noPxe = 'name=opt/org.tianocore/IPv4PXESupport,string=n';
  expect(qemuArgv(uefi, 'UefiHttp', FILES)).toContain(noPxe);
  expect(qemuArgv(uefi, 'Pxe', FILES)).not.toContain(noPxe);
});

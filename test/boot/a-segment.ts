import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootSegment } from '../../src/boot/boot-segment.ts';
import { HeardMachines } from '../../src/boot/heard-machines.ts';
import type {
  BootArtefacts,
  BootEvent,
  InventorySender,
  NetworkBootPolicy,
} from '../../src/boot/network-boot.ts';
import { systemClock } from '../../src/clock.ts';
import type { BootIntent, BootNode } from '../../src/core/boot-node.ts';
import { NETBOOT_PROGRAM_NAMES } from '../../src/core/boot-programs.ts';
import type { BootNetwork } from '../../src/core/dhcp-network.ts';
import { LeaseTable } from '../../src/core/lease-table.ts';
import { UNLIMITED } from '../../src/core/unknown-limits.ts';
import { silentLog } from '../../src/log.ts';
import { aNetwork } from '../core/a-network.ts';
import { TOOLS } from '../core/boot-samples.ts';
import { FakeLeaseStore } from '../store/fake-lease-store.ts';

export const MAC = '52:54:00:99:00:01';

export const LOOPBACK: BootNetwork = aNetwork({
  name: 'loopback',
  interface: 'lo',
  address: '127.0.0.1',
  subnet: '127.0.0.0',
  prefixLength: 8,
  pools: [{ start: '127.0.0.100', end: '127.0.0.199' }],
});

/** Files on disk for everything there is to serve, with their names as contents. */
export function someArtefacts(): { folder: string; artefacts: BootArtefacts } {
  const folder = mkdtempSync(join(tmpdir(), 'bs-boot-'));
  const file = (name: string, text = name) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const httpRoot = join(folder, 'http');
  mkdirSync(join(httpRoot, 'pxelinux.cfg'), { recursive: true });
  writeFileSync(join(httpRoot, 'pxelinux.cfg', '52-54-00-99-00-01'), '#!ipxe\n');
  const artefacts: BootArtefacts = {
    programs: Object.fromEntries(
      [...NETBOOT_PROGRAM_NAMES, 'authorized_keys'].map((name) => [name, file(name)]),
    ),
    agent: { kernel: file('kernel'), initramfs: file('initramfs') },
    images: { 'debian.raw': file('debian.raw', 'an image of some bytes') },
    tools: Object.fromEntries(
      ['nic.efi', 'diag.kernel', 'diag.initrd', 'cd.iso'].map((name) => [name, file(name)]),
    ),
    raspberryPiDir: piFolder(folder),
    ironic: { httpRoot, linkRoots: [] },
  };
  return { folder, artefacts };
}

/** Firmware files for every Raspberry Pi, and one of them for a certain board. */
function piFolder(folder: string): string {
  mkdirSync(join(folder, 'pi', '1a2b3c4d'), { recursive: true });
  writeFileSync(join(folder, 'pi', 'start4.elf'), 'for all');
  writeFileSync(join(folder, 'pi', 'config.txt'), 'for all');
  writeFileSync(join(folder, 'pi', '1a2b3c4d', 'config.txt'), 'for one');
  return join(folder, 'pi');
}

interface SegmentSetup {
  readonly artefacts: BootArtefacts;
  readonly nodes?: readonly BootNode[];
  readonly intent?: BootIntent | null;
  readonly policy?: Partial<NetworkBootPolicy>;
  readonly onInventory?: (inventory: object, sender: InventorySender) => void;
}

/** A segment on the loopback interface, without any server of it running; and what it reported. */
export function aSegment({ artefacts, nodes = [], intent = null, policy = {}, onInventory }: SegmentSetup) {
  const events: BootEvent[] = [];
  const all: BootSegment[] = [];
  const segment: BootSegment = {
    network: LOOPBACK,
    leases: new LeaseTable(LOOPBACK),
    httpUrl: 'http://127.0.0.1:8080',
    all,
    heard: new HeardMachines(),
    deps: {
      networks: [LOOPBACK],
      httpPort: 8080,
      policy: {
        discovers: () => true,
        unknownLimits: UNLIMITED,
        rejected: 'ignore',
        ironicUrl: () => 'http://127.0.0.1:6385',
        collectors: ['default', 'pci-devices'],
        kernelArgs: 'site=1',
        secureBoot: false,
        tools: TOOLS,
        menuSeconds: null,
        ...policy,
      },
      leases: new FakeLeaseStore(),
      directory: {
        nameByMac: (mac) => nodes.find((node) => node.macs.includes(mac))?.name ?? null,
        byMac: (mac) => nodes.find((node) => node.macs.includes(mac)) ?? null,
        byUuid: (uuid) => nodes.find((node) => node.uuid === uuid) ?? null,
        intentOf: () => intent,
        byPort: () => null,
        reservedBy: (address) => nodes.find((node) => node.address === address) ?? null,
        poolNodes: () => nodes.filter((node) => node.address === null).length,
      },
      artefacts,
      onInventory: onInventory ?? (() => {}),
      onEvent: (event) => events.push(event),
      log: silentLog,
      clock: systemClock,
    },
  };
  all.push(segment);
  return { segment, events };
}

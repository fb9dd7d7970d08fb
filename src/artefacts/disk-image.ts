import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { run } from '../exec/run.ts';

const SECTORS_PER_MIB = 2048;
const ESP_MIB = 64;
/** Written over and over by apt at the first boot, before the file system has grown. */
const FREE_MIB = 256;

/** Where things are on the disk. 1 MiB is left at each end for the partition tables. */
export const BIOS_BOOT = { startSector: SECTORS_PER_MIB, sectors: SECTORS_PER_MIB } as const;
const ESP = { startSector: 2 * SECTORS_PER_MIB, sectors: ESP_MIB * SECTORS_PER_MIB } as const;
const ROOT_START_MIB = 2 + ESP_MIB;

/** The sizes of a disk that holds a root of `rootMib` MiB of files. */
export const diskLayout = (rootMib: number) => {
  const fileSystemMib = Math.ceil(rootMib * 1.08) + 64 + FREE_MIB;
  return { fileSystemMib, diskMib: ROOT_START_MIB + fileSystemMib + 1 };
};

/** An empty disk with a GPT: BIOS boot, EFI system partition, root (by the discoverable partitions' type). */
export async function makePartitions(disk: string, diskMib: number): Promise<void> {
  const file = await open(disk, 'w');
  await file.truncate(diskMib * 1024 * 1024);
  await file.close();
  const range = (part: { startSector: number; sectors: number }) =>
    `${part.startSector}:${part.startSector + part.sectors - 1}`;
  const bios = [`--new=1:${range(BIOS_BOOT)}`, '--typecode=1:ef02', '--change-name=1:BIOS boot'];
  const esp = [`--new=2:${range(ESP)}`, '--typecode=2:ef00', '--change-name=2:ESP'];
  const root = [`--new=3:${ROOT_START_MIB * SECTORS_PER_MIB}:0`, '--typecode=3:8304', '--change-name=3:root'];
  await run('sgdisk', [...bios, ...esp, ...root, disk]);
}

/** The EFI system partition, with GRUB at the path that firmware boots without an entry. UEFI 2.10 §3.5.1.1. */
export async function fillEsp(disk: string, grubFile: string): Promise<void> {
  const blocks = (ESP.sectors * 512) / 1024;
  await run('mkfs.vfat', [
    '-F',
    '32',
    '-s',
    '1',
    '-n',
    'ESP',
    '--offset',
    `${ESP.startSector}`,
    disk,
    `${blocks}`,
  ]);
  const at = `${disk}@@${ESP.startSector * 512}`;
  await run('mmd', ['-i', at, '::/EFI', '::/EFI/BOOT']);
  await run('mcopy', ['-i', at, grubFile, '::/EFI/BOOT/BOOTX64.EFI']);
}

/** The root file system, filled from a folder without mounting anything. */
export async function fillRoot(
  disk: string,
  root: string,
  uuid: string,
  fileSystemMib: number,
): Promise<void> {
  const offset = ROOT_START_MIB * 1024 * 1024;
  await run('mke2fs', [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-L',
    'root',
    '-U',
    uuid,
    '-d',
    root,
    '-E',
    `offset=${offset},lazy_itable_init=1`,
    disk,
    `${fileSystemMib}M`,
  ]);
}

/** A file system's identity. Every build has its own; machines deployed from one build share it. */
export const newFileSystemUuid = (): string => randomUUID();

import { copyFile, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec/run.ts';

const SECTOR_BYTES = 512;
const HOST_GRUB = '/usr/lib/grub';
const MODULES = [
  'part_gpt',
  'ext2',
  'fat',
  'search',
  'search_fs_uuid',
  'normal',
  'configfile',
  'linux',
  'echo',
  'test',
  'serial',
  'terminal',
];

/** GRUB's platforms, by the names of its folders. */
export type GrubPlatform = 'i386-pc' | 'x86_64-efi';

/** A GRUB program whose first act is `earlyConfig`: it finds the root file system and reads the real configuration. */
export async function makeGrub(platform: GrubPlatform, earlyConfig: string, target: string): Promise<void> {
  await writeFile(`${target}.cfg`, earlyConfig);
  const firmware = platform === 'i386-pc' ? ['biosdisk'] : [];
  const prefix = ['--prefix', '/boot/grub', '--config', `${target}.cfg`];
  await run('grub-mkimage', ['--format', platform, ...prefix, '--output', target, ...MODULES, ...firmware]);
}

/** GRUB's modules for a root's /boot/grub, for whatever update-grub writes there later. */
export async function copyGrubModules(root: string, platform: GrubPlatform): Promise<void> {
  const target = join(root, 'boot/grub', platform);
  await mkdir(target, { recursive: true });
  for (const name of await readdir(join(HOST_GRUB, platform)))
    if (/\.(mod|lst)$/.test(name)) await copyFile(join(HOST_GRUB, platform, name), join(target, name));
}

/**
 * Makes a disk bootable by a BIOS: GRUB's boot sector into the MBR, its core image into the BIOS boot partition.
 * What grub-bios-setup does on a mounted disk, done on a file. Offsets: GRUB's include/grub/i386/pc/boot.h and
 * boot/i386/pc/diskboot.S.
 */
export async function installBiosGrub(
  disk: string,
  coreFile: string,
  partition: { startSector: number; sectors: number },
): Promise<void> {
  const boot = await readFile(join(HOST_GRUB, 'i386-pc/boot.img'));
  const core = await readFile(coreFile);
  const coreSectors = Math.ceil(core.length / SECTOR_BYTES);
  if (coreSectors > partition.sectors)
    throw new Error(`GRUB's core image takes ${coreSectors} sectors, the partition has ${partition.sectors}`);
  const file = await open(disk, 'r+');
  try {
    const mbr = Buffer.alloc(SECTOR_BYTES);
    await file.read(mbr, 0, SECTOR_BYTES, 0);
    await file.write(bootSector(boot, mbr, partition.startSector), 0, SECTOR_BYTES, 0);
    const image = withBlockList(core, partition.startSector, coreSectors);
    await file.write(image, 0, image.length, partition.startSector * SECTOR_BYTES);
  } finally {
    await file.close();
  }
}

/** boot.img's 440 bytes of code over the disk's own partition table, told where the core image starts. */
export function bootSector(boot: Buffer, mbr: Buffer, coreSector: number): Buffer {
  const sector = Buffer.from(mbr);
  boot.copy(sector, 0, 0, 440);
  sector.writeBigUInt64LE(BigInt(coreSector), 0x5c);
  // Drive-number check: two no-ops keep the drive that the BIOS passed (GRUB_BOOT_MACHINE_DRIVE_CHECK).
  sector.writeUInt16LE(0x9090, 0x66);
  return sector;
}

/** The core image's first sector ends in the list of blocks to load: start (u64), length and segment (u16 each). */
export function withBlockList(core: Buffer, startSector: number, coreSectors: number): Buffer {
  const image = Buffer.from(core);
  const list = SECTOR_BYTES - 12;
  image.writeBigUInt64LE(BigInt(startSector + 1), list);
  image.writeUInt16LE(coreSectors - 1, list + 8);
  image.writeUInt16LE(0x820, list + 10);
  return image;
}

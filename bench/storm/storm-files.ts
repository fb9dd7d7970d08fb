import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a machine loads. A real kernel has 8 MiB and a ramdisk 80: here they are scaled down, for it is one machine. */
export const STORM_FILES = {
  'snponly.efi': 1024 * 1024,
  kernel: 256 * 1024,
  initramfs: 2 * 1024 * 1024,
} as const;

/** Writes them: 32-bit words that count up, so that a block tells where it belongs. */
export function layStormFiles(folder: string): Record<keyof typeof STORM_FILES, string> {
  mkdirSync(folder, { recursive: true });
  const lay = (name: keyof typeof STORM_FILES): string => {
    const file = join(folder, name);
    writeFileSync(
      file,
      Uint32Array.from({ length: STORM_FILES[name] / 4 }, (_, index) => index),
    );
    return file;
  };
  return { 'snponly.efi': lay('snponly.efi'), kernel: lay('kernel'), initramfs: lay('initramfs') };
}

/** Whether a piece begins as the file does at that offset. */
export const holdsAt = (bytes: Buffer, at: number, length: number, offset: number): boolean =>
  length < 4 || bytes.readUInt32LE(at) === offset / 4;

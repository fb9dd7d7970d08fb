import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { BlackstartError } from '../errors.ts';

/** The Debian package that brings each program or file the builds run. A name with a slash is a file. */
const DEBIAN_PACKAGE = {
  mmdebstrap: 'mmdebstrap',
  cpio: 'cpio',
  lz4: 'lz4',
  zstd: 'zstd',
  mksquashfs: 'squashfs-tools',
  mke2fs: 'e2fsprogs',
  'mkfs.vfat': 'dosfstools',
  mcopy: 'mtools',
  sgdisk: 'gdisk',
  'qemu-img': 'qemu-utils',
  'grub-mkimage': 'grub-common',
  '/usr/lib/grub/i386-pc/boot.img': 'grub-pc-bin',
  '/usr/lib/grub/x86_64-efi/linux.mod': 'grub-efi-amd64-bin',
  '/usr/share/keyrings/debian-archive-keyring.gpg': 'debian-archive-keyring',
} as const;
export type HostNeed = keyof typeof DEBIAN_PACKAGE;

/** Throws before any work starts: E_NOT_ROOT, or E_PACKAGE_MISSING naming the Debian packages to install. */
export async function requireHost(
  needs: readonly HostNeed[],
  host: { path: string; uid: number | undefined } = {
    path: process.env['PATH'] ?? '',
    uid: process.getuid?.(),
  },
): Promise<void> {
  if (host.uid !== 0)
    throw new BlackstartError('E_NOT_ROOT', 'building a Debian root needs the root user', {
      remedy: 'Run the command as root (sudo).',
    });
  const found = await Promise.all(needs.map((need) => isThere(need, host.path)));
  const missing = needs.filter((_, index) => !found[index]);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((need) => DEBIAN_PACKAGE[need]))].join(' ');
  throw new BlackstartError('E_PACKAGE_MISSING', `this host has no ${missing.join(', ')}`, {
    remedy: `Run "apt-get install --no-install-recommends ${packages}".`,
  });
}

async function isThere(need: string, path: string): Promise<boolean> {
  const folders = [...path.split(':').filter(Boolean), '/usr/sbin', '/sbin'];
  const candidates = need.startsWith('/') ? [need] : folders.map((folder) => join(folder, need));
  for (const candidate of candidates) {
    const mode = need.startsWith('/') ? constants.R_OK : constants.X_OK;
    if (
      await access(candidate, mode).then(
        () => true,
        () => false,
      )
    )
      return true;
  }
  return false;
}

import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from '../exec/run.ts';
import type { Report } from './cache.ts';
import { artefactFile } from './template-file.ts';

/** What the first stage loads to reach the second. */
const STAGE0_MODULES = ['loop', 'squashfs', 'overlay'];
const STAGE0_FOLDERS = ['bin', 'proc', 'dev', 'lower', 'changes', 'root', 'modules'];
const MOUNT_POINTS = ['proc', 'sys', 'dev', 'run', 'tmp', 'var/log', 'var/cache', 'var/lib', 'etc'];

/** What decides how the initramfs is packed, for the content hash. */
export const initramfsRecipe = async (): Promise<string> =>
  [...STAGE0_MODULES, ...SQUASHFS_ARGS, await artefactFile('ramdisk-stage0.sh')].join('\n');

const SQUASHFS_ARGS = [
  '-comp',
  'zstd',
  '-Xcompression-level',
  '15',
  '-b',
  '128K',
  '-noappend',
  '-quiet',
  '-no-progress',
  '-no-xattrs',
];

/**
 * Packs a root as an initramfs: an uncompressed cpio of a small first stage and a squashfs. The kernel copies it;
 * afterwards only what is read gets unpacked. Measured against one compressed cpio, see docs.
 */
export async function packInitramfs(
  root: string,
  kernelVersion: string,
  target: string,
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const options = { onLine: report, ...(signal ? { signal } : {}) };
  const stage0 = `${root}-stage0`;
  for (const folder of MOUNT_POINTS) await mkdir(join(root, folder), { recursive: true });
  for (const folder of STAGE0_FOLDERS) await mkdir(join(stage0, folder), { recursive: true });
  await copyFile(join(root, 'bin/busybox'), join(stage0, 'bin/busybox'));
  await writeFile(join(stage0, 'init'), await artefactFile('ramdisk-stage0.sh'));
  await chmod(join(stage0, 'init'), 0o755);
  const modules = await modulesWithNeeds(root, kernelVersion, STAGE0_MODULES);
  for (const file of modules) await copyFile(join(root, file), join(stage0, 'modules', basename(file)));
  await writeFile(join(stage0, 'modules/order'), modules.map((file) => `${basename(file)}\n`).join(''));
  report('packing the ramdisk');
  await run('mksquashfs', [root, join(stage0, 'root.squashfs'), ...SQUASHFS_ARGS], options);
  const cpio =
    'cd "$1" && find . -print0 | sort -z | cpio --null --create --format=newc --quiet --reproducible >"$2"';
  await run('bash', ['-o', 'pipefail', '-c', cpio, 'pack', stage0, target], options);
  await rm(stage0, { recursive: true, force: true });
}

/** Module files in loading order, dependencies first, relative to the root. */
async function modulesWithNeeds(
  root: string,
  version: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const { stdout } = await run('chroot', [
    root,
    'modprobe',
    '-S',
    version,
    '--show-depends',
    '--all',
    ...names,
  ]);
  const files = stdout.split('\n').flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []);
  return [...new Set(files)].map((file) => file.replace(/^\/lib\//, 'usr/lib/'));
}

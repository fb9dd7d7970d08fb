import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec/run.ts';
import { renderTemplate } from '../render/template.ts';
import { type BuiltFiles, ensureArtefact, type Manifest, type Report } from './cache.ts';
import { cacheDirOf } from './cache-dir.ts';
import {
  componentsFor,
  DEBIAN_RELEASE,
  FIRMWARE_PACKAGES,
  KERNEL_PACKAGE,
  type KernelFlavour,
  kernelVersionIn,
  packageVersions,
} from './debian-root.ts';
import { BIOS_BOOT, diskLayout, fillEsp, fillRoot, makePartitions, newFileSystemUuid } from './disk-image.ts';
import { installBiosGrub, makeGrub } from './grub.ts';
import { requireHost } from './host-needs.ts';
import {
  IMAGE_EXCLUDED_PATHS,
  IMAGE_MASKED_GENERATORS,
  IMAGE_MASKED_UNITS,
  IMAGE_NOT_SHARED,
  IMAGE_PACKAGES,
  IMAGE_UNITS,
  KERNEL_ARGUMENTS,
} from './image-contents.ts';
import { configureRoot, IMAGE_TEMPLATES, installSystem } from './image-root.ts';
import { artefactFile } from './template-file.ts';

/** Raise when the build itself changes in a way its inputs do not show. */
const RECIPE = '1';
const NEED_MIB = 5000;

export interface ImageOptions {
  /** `cloud` for virtual machines, `generic` for real servers. */
  readonly kernel: KernelFlavour;
  /** `qcow2` is a fifth of the size, unpacked by the agent; `raw` streams to the disk. qcow2 unless told. */
  readonly format?: ImageFormat;
  readonly cacheDir?: string;
}

export type ImageFormat = 'qcow2' | 'raw';

export interface Image {
  readonly file: string;
  readonly format: ImageFormat;
  readonly bytes: number;
  /** What Ironic takes as image_os_hash_value with image_os_hash_algo sha256. */
  readonly sha256: string;
  /** The content hash: which image this is. */
  readonly hash: string;
  readonly manifest: Manifest;
}

/**
 * A whole-disk Debian for deployed machines: BIOS and UEFI, cloud-init on the config drive, sshd, no password, no
 * key. Built once and cached by content hash. Throws E_NOT_ROOT, E_PACKAGE_MISSING, E_NO_SPACE, E_PROGRAM_FAILED.
 */
export async function buildImage(
  options: ImageOptions,
  report: Report = () => {},
  signal?: AbortSignal,
): Promise<Image> {
  const format = options.format ?? 'qcow2';
  const packages = [
    ...IMAGE_PACKAGES,
    KERNEL_PACKAGE[options.kernel],
    ...(options.kernel === 'generic' ? FIRMWARE_PACKAGES : []),
  ];
  const { dir, hash, manifest } = await ensureArtefact(
    {
      kind: 'image',
      cacheDir: options.cacheDir ?? cacheDirOf(),
      needMib: NEED_MIB,
      inputs: { ...(await imageInputs(options.kernel, packages)), format },
      build: (dir_, report_, signal_) => buildInto(dir_, options.kernel, format, packages, report_, signal_),
    },
    report,
    signal,
  );
  const [file] = manifest.contents;
  if (!file) throw new Error(`the manifest of image ${hash} names no file`);
  return {
    file: join(dir, file.name),
    format: 'qcow2',
    bytes: file.bytes,
    sha256: file.sha256,
    hash,
    manifest,
  };
}

async function imageInputs(
  kernel: KernelFlavour,
  packages: readonly string[],
): Promise<Record<string, string>> {
  const texts = await Promise.all(IMAGE_TEMPLATES.map(async (name) => [name, await artefactFile(name)]));
  return {
    recipe: RECIPE,
    release: DEBIAN_RELEASE,
    kernel: KERNEL_PACKAGE[kernel],
    components: componentsFor(kernel).join(' '),
    packages: packages.join(' '),
    excluded: IMAGE_EXCLUDED_PATHS.join(' '),
    notShared: IMAGE_NOT_SHARED.join(' '),
    units: [...IMAGE_UNITS, ...IMAGE_MASKED_UNITS, ...IMAGE_MASKED_GENERATORS].join(' '),
    kernelArguments: KERNEL_ARGUMENTS,
    ...Object.fromEntries(texts),
  };
}

async function buildInto(
  dir: string,
  kernel: KernelFlavour,
  format: ImageFormat,
  packages: readonly string[],
  report: Report,
  signal?: AbortSignal,
): Promise<BuiltFiles> {
  await requireHost([
    'mmdebstrap',
    'mke2fs',
    'mkfs.vfat',
    'mcopy',
    'sgdisk',
    'qemu-img',
    'grub-mkimage',
    '/usr/lib/grub/i386-pc/boot.img',
    '/usr/lib/grub/x86_64-efi/linux.mod',
    '/usr/share/keyrings/debian-archive-keyring.gpg',
  ]);
  const root = join(dir, 'root');
  await installSystem(root, dir, kernel, packages, report, signal);
  const rootUuid = newFileSystemUuid();
  await configureRoot(root, rootUuid);
  const versions = await packageVersions(root, ['systemd', 'openssh-server', 'cloud-init', 'python3']);
  const linux = await kernelVersionIn(root);
  const disk = await makeDisk(dir, root, rootUuid, report);
  const file = `debian.${format}`;
  await writeAs(format, disk, join(dir, file), report, signal);
  return { files: [file], versions: { ...versions, linux } };
}

async function makeDisk(dir: string, root: string, rootUuid: string, report: Report): Promise<string> {
  const disk = join(dir, 'disk.raw');
  const early = renderTemplate('artefacts/image/grub-early.cfg.njk', { rootUuid });
  const { stdout } = await run('du', ['--summarize', '--block-size=1M', root]);
  const { fileSystemMib, diskMib } = diskLayout(Number.parseInt(stdout, 10));
  report(`making the disk of ${diskMib} MiB: partitions, GRUB for BIOS and UEFI, the root file system`);
  await makePartitions(disk, diskMib);
  await makeGrub('i386-pc', early, join(dir, 'core.img'));
  await makeGrub('x86_64-efi', early, join(dir, 'grub.efi'));
  await installBiosGrub(disk, join(dir, 'core.img'), BIOS_BOOT);
  await fillEsp(disk, join(dir, 'grub.efi'));
  await fillRoot(disk, root, rootUuid, fileSystemMib);
  await rm(root, { recursive: true, force: true });
  return disk;
}

async function writeAs(
  format: ImageFormat,
  disk: string,
  file: string,
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  if (format === 'raw') return rename(disk, file);
  report('compressing the disk to qcow2');
  const convert = ['convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', 'compression_type=zstd', disk, file];
  await run('qemu-img', convert, signal ? { signal } : {});
}

import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec/run.ts';
import { ensureArtefact, type Manifest, type Report } from './cache.ts';
import { cacheDirOf } from './cache-dir.ts';
import {
  componentsFor,
  DEBIAN_RELEASE,
  debianSources,
  FIRMWARE_PACKAGES,
  installDebianRoot,
  KERNEL_PACKAGE,
  type KernelFlavour,
  kernelVersionIn,
  packageVersions,
  removeFrom,
} from './debian-root.ts';
import { requireHost } from './host-needs.ts';
import { initramfsRecipe, packInitramfs } from './initramfs.ts';
import { agentRequirements, agentVersionOf, compilePython, installPythonAgent } from './python-agent.ts';
import { RAMDISK_PACKAGES, RAMDISK_UNUSED, UNUSED_MODULES } from './ramdisk-contents.ts';
import { ramdiskFiles, writeRamdiskFiles } from './ramdisk-files.ts';
import { artefactFile } from './template-file.ts';

/** Raise when the build itself changes in a way its inputs do not show. */
const RECIPE = '2';
const NEED_MIB = 2500;

export interface RamdiskOptions {
  /** `cloud` for virtual machines, `generic` for real servers. */
  readonly kernel: KernelFlavour;
  /** Where artefacts live; BLACKSTART_CACHE or /var/cache/blackstart unless told. */
  readonly cacheDir?: string;
}

export interface Ramdisk {
  /** Absolute paths of what a machine boots. */
  readonly kernel: string;
  readonly initramfs: string;
  /** The content hash: which ramdisk this is. */
  readonly hash: string;
  readonly manifest: Manifest;
}

/**
 * The ramdisk that discovers, inspects, cleans and deploys machines: Debian and a real ironic-python-agent.
 * Built once and cached by content hash. Throws E_NOT_ROOT, E_PACKAGE_MISSING, E_NO_SPACE, E_PROGRAM_FAILED.
 */
export async function buildRamdisk(
  options: RamdiskOptions,
  report: Report = () => {},
  signal?: AbortSignal,
): Promise<Ramdisk> {
  const cacheDir = options.cacheDir ?? cacheDirOf();
  const files = await ramdiskFiles();
  const requirements = await agentRequirements();
  const packages = [...RAMDISK_PACKAGES, ...(options.kernel === 'generic' ? FIRMWARE_PACKAGES : [])];
  const artefact = await ensureArtefact(
    {
      kind: 'ramdisk',
      cacheDir,
      needMib: NEED_MIB,
      inputs: {
        recipe: RECIPE,
        release: DEBIAN_RELEASE,
        unpackKernel: await artefactFile('unpack-kernel.sh'),
        kernel: KERNEL_PACKAGE[options.kernel],
        components: componentsFor(options.kernel).join(' '),
        packages: packages.join(' '),
        unused: [...RAMDISK_UNUSED, ...UNUSED_MODULES].join(' '),
        initramfs: await initramfsRecipe(),
        requirements,
        ...Object.fromEntries(files.map(({ path, text }) => [path, text])),
      },
      async build(dir, report_, signal_) {
        await requireHost([
          'mmdebstrap',
          'cpio',
          'mksquashfs',
          '/usr/share/keyrings/debian-archive-keyring.gpg',
        ]);
        const root = join(dir, 'root');
        await installRoot(root, options.kernel, packages, report_, signal_);
        const versions = await packageVersions(root, ['python3-minimal', 'udev', 'qemu-utils']);
        await installPythonAgent(root, cacheDir, report_, signal_);
        await writeRamdiskFiles(root, files);
        const kernelVersion = await takeKernel(root, join(dir, 'vmlinuz'));
        await removeFrom(root, RAMDISK_UNUSED);
        await compilePython(root, report_, signal_);
        await packInitramfs(root, kernelVersion, join(dir, 'initramfs'), report_, signal_);
        const agent = agentVersionOf(requirements);
        return {
          files: ['vmlinuz', 'initramfs'],
          versions: { ...versions, linux: kernelVersion, 'ironic-python-agent': agent },
        };
      },
    },
    report,
    signal,
  );
  const { dir, hash, manifest } = artefact;
  return { kernel: join(dir, 'vmlinuz'), initramfs: join(dir, 'initramfs'), hash, manifest };
}

/** A root without apt; the kernel's package is unpacked, not installed: nothing here needs an initramfs builder. */
async function installRoot(
  root: string,
  kernel: KernelFlavour,
  packages: readonly string[],
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const sources = await debianSources(kernel);
  const customizeHook = `${root}-unpack-kernel`;
  const script = await artefactFile('unpack-kernel.sh');
  await writeFile(customizeHook, `#!/bin/sh\nset -- "$1" ${KERNEL_PACKAGE[kernel]}\n${script}`, {
    mode: 0o755,
  });
  report(
    `installing Debian ${DEBIAN_RELEASE} for the ramdisk (${packages.length} packages and what they need)`,
  );
  await installDebianRoot(
    {
      variant: 'essential',
      packages,
      sources,
      customizeHook,
      excludePaths: ['/usr/share/man/*', '/usr/share/doc/*', '/usr/share/locale/*', '/usr/share/info/*'],
    },
    root,
    report,
    signal,
  );
}

async function takeKernel(root: string, target: string): Promise<string> {
  const version = await kernelVersionIn(root);
  await copyFile(join(root, 'boot', `vmlinuz-${version}`), target);
  await removeFrom(join(root, 'usr/lib/modules', version, 'kernel'), UNUSED_MODULES);
  await run('chroot', [root, 'depmod', '-a', version]);
  return version;
}

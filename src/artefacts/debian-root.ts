import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec/run.ts';
import { readDebianSources } from './apt-sources.ts';
import type { Report } from './cache.ts';

/** The Debian release that ramdisk and image are made of, whatever the seed runs. */
export const DEBIAN_RELEASE = 'bookworm';

/** Which kernel: `cloud` has virtio only and is small; `generic` drives real hardware, with firmware files. */
export type KernelFlavour = 'cloud' | 'generic';

export const KERNEL_PACKAGE: Readonly<Record<KernelFlavour, string>> = {
  cloud: 'linux-image-cloud-amd64',
  generic: 'linux-image-amd64',
};

/** What real servers' network and storage cards ask the kernel for. Debian's non-free-firmware. */
export const FIRMWARE_PACKAGES = [
  'firmware-bnx2',
  'firmware-bnx2x',
  'firmware-cavium',
  'firmware-misc-nonfree',
  'firmware-myricom',
  'firmware-netronome',
  'firmware-netxen',
  'firmware-qlogic',
  'firmware-realtek',
] as const;

/** Only the generic kernel's firmware is outside main. */
export const componentsFor = (kernel: KernelFlavour): readonly string[] =>
  kernel === 'cloud' ? ['main'] : ['main', 'non-free-firmware'];

export interface DebianRootSpec {
  /** `essential` has no apt inside; `apt` is a system that can be maintained. */
  readonly variant: 'essential' | 'apt';
  readonly packages: readonly string[];
  readonly sources: readonly string[];
  /** A program (or a line of shell) run by mmdebstrap with the root as $1, while apt still works on it. */
  readonly customizeHook?: string;
  readonly essentialHook?: string;
  /** Paths that dpkg leaves out, as in dpkg.cfg's path-exclude. */
  readonly excludePaths?: readonly string[];
}

export const debianSources = (kernel: KernelFlavour): Promise<readonly string[]> =>
  readDebianSources(DEBIAN_RELEASE, componentsFor(kernel));

/** Installs a Debian root into `dir` by mmdebstrap, from this host's mirrors. Takes half a minute. */
export async function installDebianRoot(
  spec: DebianRootSpec,
  dir: string,
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  const excludes = (spec.excludePaths ?? []).map((path) => `--dpkgopt=path-exclude=${path}`);
  await run(
    'sh',
    [
      '-c',
      'umask 022; exec mmdebstrap "$@"',
      'mmdebstrap',
      '--mode=root',
      `--variant=${spec.variant}`,
      `--include=${spec.packages.join(',')}`,
      '--aptopt=APT::Install-Recommends "false"',
      '--aptopt=Acquire::Retries "3"',
      ...excludes,
      ...(spec.essentialHook ? [`--essential-hook=${spec.essentialHook}`] : []),
      ...(spec.customizeHook ? [`--customize-hook=${spec.customizeHook}`] : []),
      DEBIAN_RELEASE,
      dir,
      ...spec.sources,
    ],
    { onLine: report, ...(signal ? { signal } : {}) },
  );
}

/**
 * Unpacks packages, of any architecture, into `dir` and runs nothing of them. With what they need, since that is how
 * mmdebstrap finds them.
 */
export async function extractDebianPackages(
  spec: {
    readonly architecture: string;
    readonly packages: readonly string[];
    readonly sources: readonly string[];
  },
  dir: string,
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  await run(
    'mmdebstrap',
    [
      '--mode=root',
      '--variant=extract',
      `--architectures=${spec.architecture}`,
      `--include=${spec.packages.join(',')}`,
      '--aptopt=APT::Install-Recommends "false"',
      '--aptopt=Acquire::Retries "3"',
      DEBIAN_RELEASE,
      dir,
      ...spec.sources,
    ],
    { onLine: report, ...(signal ? { signal } : {}) },
  );
}

/** The version of the one kernel in a root, by its modules' folder. */
export async function kernelVersionIn(root: string): Promise<string> {
  const versions = await readdir(join(root, 'usr/lib/modules')).catch(() => []);
  const [version, ...others] = versions;
  if (version === undefined || others.length > 0)
    throw new Error(`want one kernel in ${root}, found ${versions.join(', ') || 'none'}`);
  return version;
}

/** Versions of the installed packages that matter to a reader of the manifest. */
export async function packageVersions(
  root: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const { stdout } = await run('dpkg-query', [
    `--admindir=${join(root, 'var/lib/dpkg')}`,
    '--show',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    '--showformat=${Package} ${Version}\\n',
    ...names,
  ]);
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
}

/** Removes paths of a root; those that are not there are fine. */
export async function removeFrom(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(join(root, path), { recursive: true, force: true });
}

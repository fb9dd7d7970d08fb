import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDebianSources } from './apt-sources.ts';
import { type Artefact, ensureArtefact, type Report } from './cache.ts';
import { DEBIAN_RELEASE, extractDebianPackages } from './debian-root.ts';
import { requireHost } from './host-needs.ts';

/** Raise when a newer package must be fetched without any input showing it. */
const RECIPE = '1';
const NEED_MIB = 700;

interface Source {
  readonly architecture: 'amd64' | 'arm64';
  readonly packages: readonly string[];
  /** The name it is asked for → where the packages have it. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Boot programs that Debian has, and that this host need not have installed: its packages for Secure Boot would write
 * to the seed's own EFI partition, and those for ARM64 cannot be installed. They are fetched, checked by apt's
 * signatures, and taken apart.
 */
const SOURCES: readonly Source[] = [
  {
    architecture: 'amd64',
    packages: ['shim-signed', 'grub-efi-amd64-signed', 'memtest86+'],
    files: {
      'shimx64.efi': 'usr/lib/shim/shimx64.efi.signed',
      'grubx64.efi': 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
      'memtest.efi': 'boot/memtest86+x64.efi',
      'memtest.bin': 'boot/memtest86+x64.bin',
    },
  },
  {
    architecture: 'arm64',
    packages: ['shim-signed', 'grub-efi-arm64-signed'],
    files: {
      'shimaa64.efi': 'usr/lib/shim/shimaa64.efi.signed',
      'grubaa64.efi': 'usr/lib/grub/arm64-efi-signed/grubnetaa64.efi.signed',
    },
  },
];

export const FETCHED_PROGRAMS: readonly string[] = SOURCES.flatMap(({ files }) => Object.keys(files));

/**
 * The folder with Debian's signed shim and GRUB for x86_64 and ARM64, and its memtest86+; fetched once and cached.
 * Throws E_NOT_ROOT, E_PACKAGE_MISSING, E_NO_SPACE, E_PROGRAM_FAILED.
 */
export async function fetchBootPrograms(
  report: Report = () => {},
  signal?: AbortSignal,
  cacheDir?: string,
): Promise<Artefact> {
  return ensureArtefact(
    {
      kind: 'programs',
      needMib: NEED_MIB,
      ...(cacheDir === undefined ? {} : { cacheDir }),
      inputs: { recipe: RECIPE, release: DEBIAN_RELEASE, sources: JSON.stringify(SOURCES) },
      async build(dir, report_, signal_) {
        await requireHost(['mmdebstrap', '/usr/share/keyrings/debian-archive-keyring.gpg']);
        const mirrors = await readDebianSources(DEBIAN_RELEASE, ['main']);
        for (const { architecture, packages, files } of SOURCES) {
          const root = join(dir, `root-${architecture}`);
          report_(`fetching ${packages.join(', ')} for ${architecture}`);
          await extractDebianPackages({ architecture, packages, sources: mirrors }, root, report_, signal_);
          for (const [name, path] of Object.entries(files)) await copyFile(join(root, path), join(dir, name));
        }
        return { files: FETCHED_PROGRAMS, versions: {} };
      },
    },
    report,
    signal,
  );
}

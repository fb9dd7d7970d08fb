import { join } from 'node:path';
import { FETCHED_PROGRAMS, fetchBootPrograms } from '../artefacts/boot-programs.ts';
import { cacheDirOf } from '../artefacts/cache-dir.ts';
import { buildImage } from '../artefacts/image.ts';
import { buildRamdisk, type Ramdisk } from '../artefacts/ramdisk.ts';
import { ANSIBLE_REQUIREMENTS } from '../exec/ansible-config.ts';
import { ensureVenv } from '../exec/venv.ts';
import type { SiteImage } from '../site/image.ts';
import type { LoadedSite } from '../site/load-site.ts';
import { installUndercloud } from '../undercloud/install.ts';
import { downloadedImage, fileImage, type ServedImage } from './images.ts';

type Report = (line: string) => void;

/** What the seed has to have before machines come: built once, found again by content hash. */
export interface Preparation {
  readonly step: 'ramdisk' | 'programs' | 'images' | 'ironic' | 'ansible';
  readonly title: string;
  run(site: LoadedSite, report: Report, signal: AbortSignal): Promise<string>;
}

export const prepareRamdisk = ({ site }: LoadedSite, report: Report, signal: AbortSignal): Promise<Ramdisk> =>
  buildRamdisk({ kernel: site.ramdisk.kernel }, report, signal);

/** Debian's signed and ARM64 boot programs, by the name they are asked for. */
export async function preparePrograms(report: Report, signal: AbortSignal): Promise<Record<string, string>> {
  const { dir } = await fetchBootPrograms(report, signal);
  return Object.fromEntries(FETCHED_PROGRAMS.map((name) => [name, join(dir, name)]));
}

/** Every image that a role of the site names, checked or built, by its name. */
export async function prepareImages(
  loaded: LoadedSite,
  report: Report,
  signal: AbortSignal,
): Promise<Map<string, ServedImage>> {
  const { site } = loaded;
  const wanted = new Set(site.nodes.map((node) => site.roles[node.role]?.image ?? ''));
  const ready = new Map<string, ServedImage>();
  for (const [name, image] of Object.entries(site.images)) {
    if (wanted.has(name)) ready.set(name, await prepareImage(name, image, loaded.dir, report, signal));
  }
  return ready;
}

async function prepareImage(
  name: string,
  image: SiteImage,
  dir: string,
  report: Report,
  signal: AbortSignal,
): Promise<ServedImage> {
  const { source } = image;
  switch (source.kind) {
    case 'file':
      return fileImage(name, image, dir);
    case 'url':
      return downloadedImage(name, image, cacheDirOf(), report, signal);
    case 'build': {
      const built = await buildImage({ kernel: source.kernel }, report, signal);
      return {
        file: built.file,
        urlName: `${name}-${built.hash}.${built.format}`,
        sha256: built.sha256,
        format: built.format,
      };
    }
  }
}

export const prepareAnsible = (report: Report, signal: AbortSignal): Promise<string> =>
  ensureVenv({ name: 'ansible', requirements: ANSIBLE_REQUIREMENTS }, cacheDirOf(), report, signal);

/** All of it, in the order of what takes longest to be missed. `blackstart prepare` shows it, `up` does what is left. */
export const PREPARATIONS: readonly Preparation[] = [
  {
    step: 'ramdisk',
    title: 'Ramdisk that discovers and deploys',
    run: async (site, report, signal) => (await prepareRamdisk(site, report, signal)).hash,
  },
  {
    step: 'programs',
    title: 'Boot programs for Secure Boot, ARM64 and memtest',
    run: async (_, report, signal) => Object.keys(await preparePrograms(report, signal)).join(', '),
  },
  {
    step: 'images',
    title: 'Images',
    run: async (site, report, signal) => [...(await prepareImages(site, report, signal)).keys()].join(', '),
  },
  {
    step: 'ironic',
    title: 'Ironic',
    run: async (_, report, signal) => (await installUndercloud(cacheDirOf(), report, signal)).version,
  },
  {
    step: 'ansible',
    title: 'Ansible',
    run: async (_, report, signal) => {
      await prepareAnsible(report, signal);
      return ANSIBLE_REQUIREMENTS[0] ?? '';
    },
  },
];

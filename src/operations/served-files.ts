import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServedImage } from './images.ts';

/** The big files that the boot servers give out, by where they are on this host. */
export interface ServedFiles {
  readonly agent: { readonly kernel: string; readonly initramfs: string } | null;
  readonly images: readonly ServedImage[];
  /** Boot programs that were fetched from Debian, by name; none before the first time. */
  readonly programs: Readonly<Record<string, string>>;
}

export const NOTHING_SERVED: ServedFiles = { agent: null, images: [], programs: {} };

const fileIn = (stateDir: string): string => join(stateDir, 'served.json');

/**
 * Writes down what is served, so that the seed's next life serves it from its first moment: a machine that is in the
 * middle of a boot or a download does not wait for the site's steps, and takes a 404 for the end.
 */
export async function rememberServed(stateDir: string, served: ServedFiles): Promise<void> {
  const file = fileIn(stateDir);
  await writeFile(`${file}.new`, JSON.stringify(served), { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}

/**
 * What the last life served, as far as the files are still there. For serving only: whether an image is what the site
 * says is decided anew before anything is deployed, and the agent checks what it fetched.
 */
export async function recallServed(stateDir: string): Promise<ServedFiles> {
  const text = await readFile(fileIn(stateDir), 'utf8').catch(() => null);
  if (text === null) return NOTHING_SERVED;
  const { agent, images, programs } = { ...NOTHING_SERVED, ...(JSON.parse(text) as Partial<ServedFiles>) };
  const agentIsThere = agent !== null && (await isFile(agent.kernel)) && (await isFile(agent.initramfs));
  const there = await Promise.all(images.map((image) => isFile(image.file)));
  const found = await Promise.all(
    Object.entries(programs).map(async ([name, file]) => ((await isFile(file)) ? [[name, file]] : [])),
  );
  return {
    agent: agentIsThere ? agent : null,
    images: images.filter((_, index) => there[index]),
    programs: Object.fromEntries(found.flat()),
  };
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

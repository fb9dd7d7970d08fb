import { realpathSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';

interface Verified {
  readonly identity: string;
  readonly real: string;
  /** On the monotonic clock. */
  lookedAtMs: number;
}

/** Where names have led, as long as they lead to the very same file. */
const verified = new Map<string, Verified>();
const MAX_VERIFIED = 4096;

/**
 * The real path of `path` below `root`, or null when there is none or it leads outside. Links are followed only into
 * `root` and `linkRoots`: Ironic links its boot files into its cache folders. Synchronous: some microseconds. The way
 * to a file is checked once, and again when the name leads to another file, which is looked at every `trustMs`.
 */
export function fileWithin(
  root: string,
  path: string,
  linkRoots: readonly string[],
  { trustMs = 0 }: { readonly trustMs?: number } = {},
): string | null {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..') || /[\0\\]/.test(path)) return null;
  const name = join(root, ...parts);
  const key = `${name}\0${root}\0${linkRoots.join('\0')}`;
  const known = verified.get(key);
  const nowMs = performance.now();
  if (known && nowMs - known.lookedAtMs < trustMs) return known.real;
  const identity = identityOf(name);
  if (identity === null) return null;
  if (known?.identity === identity) {
    known.lookedAtMs = nowMs;
    return known.real;
  }
  const real = follow(name, [root, ...linkRoots]);
  if (real === null) return null;
  if (verified.size >= MAX_VERIFIED) verified.clear();
  verified.set(key, { identity, real, lookedAtMs: nowMs });
  return real;
}

/** No two files that ever stand under one name have it in common: an inode that is used again has another time. */
function identityOf(name: string): string | null {
  const found = attempt<Stats | undefined>(() => statSync(name, { throwIfNoEntry: false }));
  return found ? `${found.dev}-${found.ino}-${found.ctimeMs}` : null;
}

function follow(name: string, roots: readonly string[]): string | null {
  const real = attempt(() => realpathSync.native(name));
  if (real === null) return null;
  const inside = roots.some((root) => {
    const realRoot = attempt(() => realpathSync.native(root));
    return realRoot !== null && real.startsWith(realRoot + sep);
  });
  return inside ? real : null;
}

/** Null where a name leads nowhere, or in a circle. */
function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}

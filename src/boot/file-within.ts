import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

/**
 * The real path of `path` below `root`, or null when there is none or it leads outside. Links are followed only into
 * `root` and `linkRoots`: Ironic links its boot files into its cache folders.
 */
export async function fileWithin(
  root: string,
  path: string,
  linkRoots: readonly string[],
): Promise<string | null> {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..') || path.includes('\0')) return null;
  const real = await realpath(join(root, ...parts)).catch(() => null);
  if (real === null) return null;
  for (const allowed of [root, ...linkRoots]) {
    const realRoot = await realpath(allowed).catch(() => null);
    if (realRoot !== null && real.startsWith(realRoot + sep)) return real;
  }
  return null;
}

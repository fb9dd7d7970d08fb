import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

/**
 * The real path of `path` below `root`, or null when there is none or it leads outside. Links are followed only into
 * `root` and `linkRoots`: Ironic links its boot files into its cache folders. Synchronous: some microseconds each.
 */
export function fileWithin(root: string, path: string, linkRoots: readonly string[]): string | null {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..') || /[\0\\]/.test(path)) return null;
  const real = realPath(join(root, ...parts));
  if (real === null) return null;
  for (const allowed of [root, ...linkRoots]) {
    const realRoot = realPath(allowed);
    if (realRoot !== null && real.startsWith(realRoot + sep)) return real;
  }
  return null;
}

function realPath(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null; // it is not there, or leads in a circle
  }
}

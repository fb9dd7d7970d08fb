import { statfs } from 'node:fs/promises';
import { BlackstartError, reasonOf } from '../errors.ts';

/** Throws E_NO_SPACE, before anything is written, when the file system that holds `dir` has less than `needMib` free. */
export async function requireSpace(dir: string, needMib: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const freeMib = Math.floor((bavail * bsize) / 1024 / 1024);
  if (freeMib < needMib) throw noSpace(dir, needMib, `${freeMib} MiB are free`);
}

/** What a failure means when the disk ran full under it: E_NO_SPACE. Anything else comes back unchanged. */
export function spaceErrorOf(error: unknown, dir: string, needMib: number): unknown {
  if (error instanceof BlackstartError && error.code === 'E_NO_SPACE') return error;
  const remedy = error instanceof BlackstartError ? error.remedy : '';
  const ranFull = /ENOSPC|No space left on device/i.test(`${reasonOf(error)} ${remedy}`);
  return ranFull ? noSpace(dir, needMib, 'it ran full during the build', error) : error;
}

const noSpace = (dir: string, needMib: number, found: string, cause?: unknown) =>
  new BlackstartError('E_NO_SPACE', `no space in ${dir}: the build needs ${needMib} MiB, ${found}`, {
    remedy: `Free ${needMib} MiB there ("du -xsh ${dir}/*" shows what takes it; whole folders may be deleted, they are built again), or set BLACKSTART_CACHE to a folder on a bigger disk.`,
    cause,
  });

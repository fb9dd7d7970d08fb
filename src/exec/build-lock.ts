import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../clock.ts';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 500;

/**
 * Runs `work` while nobody else builds under the same lock file, in this process or another. A lock whose owner is
 * gone (killed, or the host has booted since) is taken over.
 */
export async function withBuildLock<T>(
  file: string,
  work: () => Promise<T>,
  report: (line: string) => void,
  signal?: AbortSignal,
  clock: Clock = systemClock,
): Promise<T> {
  for (let told = false; !(await take(file)); told = true) {
    if (!told) report(`another build is at work (${file}), waiting for it`);
    await clock.sleep(POLL_MS, signal);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** One try. The lock appears with its owner's name in it, or not at all. */
async function take(file: string): Promise<boolean> {
  const mine = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(mine, JSON.stringify(await identityOf(process.pid)), { mode: 0o600 });
  try {
    await link(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await removeIfStale(file, mine);
    return false;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Moves a dead owner's lock aside; what turns out to be a fresh one by then is put back. */
async function removeIfStale(file: string, mine: string): Promise<void> {
  const aside = `${mine}.stale`;
  const seen = await readFile(file, 'utf8').catch(() => null);
  if (seen === null || (await isHeld(seen))) return;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== seen) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

async function isHeld(lock: string): Promise<boolean> {
  try {
    return await isRunning(JSON.parse(lock) as ProcessIdentity);
  } catch {
    return false;
  }
}

import { readFileSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { type Clock, systemClock } from '../clock.ts';

const POLL_MS = 500;

/**
 * Runs `work` while no other process builds under the same lock file. A lock whose owner is gone is taken over:
 * the owner is named by its pid and the kernel's start time, so a reused pid does not keep it.
 */
export async function withBuildLock<T>(
  file: string,
  work: () => Promise<T>,
  report: (line: string) => void,
  signal?: AbortSignal,
  clock: Clock = systemClock,
): Promise<T> {
  for (let told = false; !(await take(file)); told = true) {
    if (!told) report(`another process builds here (${file}), waiting for it`);
    await clock.sleep(POLL_MS, signal);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.writeFile(identityOf(process.pid) ?? '');
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = await readFile(file, 'utf8').catch(() => '');
  const pid = Number(owner.split(' ')[0]);
  if (owner !== '' && identityOf(pid) !== owner) await rm(file, { force: true });
  return false;
}

/** "pid starttime" of a running process, from proc(5) stat field 22; null when there is none. */
function identityOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${pid} ${fields[19]}`;
  } catch {
    return null;
  }
}

import { readFile } from 'node:fs/promises';

/**
 * A process as no later one can be: the kernel gives a pid again, but never with the same start time within one boot.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** proc(5), stat field 22. */
  readonly startTicks: string;
  readonly bootId: string;
}

/** Who has this pid now. Null when nobody does; a zombie counts as ended, since nothing may ever reap it. */
export async function identityOf(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // The command in parentheses may itself have spaces and parentheses: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X' || startTicks === undefined) return null;
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return { pid, startTicks, bootId };
}

/** Whether it is that very process which still runs. */
export async function isRunning(process: ProcessIdentity): Promise<boolean> {
  const now = await identityOf(process.pid);
  return now !== null && now.startTicks === process.startTicks && now.bootId === process.bootId;
}

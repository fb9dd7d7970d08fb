import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { identityOf, isRunning, type ProcessIdentity } from '../exec/process-identity.ts';

export interface RecordedProcess extends ProcessIdentity {
  /** What it is, for whoever reads the folder: `rack`, `qemu lab-1`. */
  readonly what: string;
}

const SETTLE_MS = 50;
const TERM_LIMIT_MS = 8_000;

/** Writes down a process that has to end with the rack, so that a later run can end it if this one crashes. */
export async function recordProcess(rackDir: string, pid: number, what: string): Promise<void> {
  const identity = await identityOf(pid);
  if (!identity) return; // it has ended already
  const folder = folderOf(rackDir);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${pid}.json`);
  const recorded: RecordedProcess = { ...identity, what };
  await writeFile(`${file}.new`, JSON.stringify(recorded));
  await rename(`${file}.new`, file);
}

export const forgetProcess = (rackDir: string, pid: number): Promise<void> =>
  rm(join(folderOf(rackDir), `${pid}.json`), { force: true });

/** The recorded processes that still run: same pid, same start time, same boot of the host. */
export async function runningProcesses(rackDir: string): Promise<RecordedProcess[]> {
  const running: RecordedProcess[] = [];
  for (const recorded of await readRecords(rackDir)) {
    if (await isRunning(recorded)) running.push(recorded);
  }
  return running;
}

/**
 * Ends what an earlier run left: SIGTERM, then SIGKILL. Only processes of which pid and start time match the
 * record are touched. Returns what was ended.
 */
export async function endRecordedProcesses(rackDir: string, clock: Clock): Promise<RecordedProcess[]> {
  const found = await runningProcesses(rackDir);
  for (const recorded of found) send(recorded.pid, 'SIGTERM');
  const deadlineMs = clock.nowMs() + TERM_LIMIT_MS;
  let left = found.length > 0 ? await runningProcesses(rackDir) : [];
  while (left.length > 0) {
    await clock.sleep(SETTLE_MS);
    left = await runningProcesses(rackDir);
    if (clock.nowMs() > deadlineMs) for (const recorded of left) send(recorded.pid, 'SIGKILL');
  }
  await rm(folderOf(rackDir), { recursive: true, force: true });
  return found;
}

const folderOf = (rackDir: string): string => join(rackDir, 'processes');

async function readRecords(rackDir: string): Promise<RecordedProcess[]> {
  const names = await readdir(folderOf(rackDir)).catch(() => []);
  const records: RecordedProcess[] = [];
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const text = await readFile(join(folderOf(rackDir), name), 'utf8').catch(() => null);
    if (text) records.push(JSON.parse(text));
  }
  return records;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

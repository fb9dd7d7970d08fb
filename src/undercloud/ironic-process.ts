import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { startDetached } from '../exec/detached.ts';
import { identityOf, isRunning, type ProcessIdentity } from '../exec/process-identity.ts';
import { type InstalledUndercloud, IRONIC_PATH } from './install.ts';
import { type UndercloudSettings, undercloudPaths } from './settings.ts';

/** The Ironic that was started, written down so that a later seed finds it. */
export interface IronicProcess extends ProcessIdentity {
  readonly startedAtMs: number;
  readonly version: string;
  /** Of release and configuration it was started with; null when it was found without a record. */
  readonly fingerprint: string | null;
}

const SETTLE_MS = 100;
const TERM_LIMIT_MS = 25_000;

/**
 * Starts Ironic in a process group of its own, so that it outlives the seed, and records it at once.
 *
 * It is two processes: a master, which is the one recorded, and its worker. The master starts a dead worker anew within
 * half a second, and never gives up on one that cannot start; the worker ends by itself when the master is gone.
 */
export async function spawnIronic(
  settings: UndercloudSettings,
  installed: InstalledUndercloud,
  fingerprint: string,
  clock: Clock,
): Promise<IronicProcess> {
  const paths = undercloudPaths(settings.dir);
  const program = join(installed.venvDir, 'bin/ironic');
  const pid = await startDetached(program, ['--config-file', paths.configFile], paths.outputFile, {
    cwd: settings.dir,
    env: { PATH: IRONIC_PATH, LANG: 'C.UTF-8', PYTHONWARNINGS: 'ignore', ...NO_PROXY },
  });
  const identity = (await identityOf(pid)) ?? { pid, startTicks: '', bootId: '' };
  const recorded = {
    ...identity,
    startedAtMs: clock.nowMs(),
    version: installed.version,
    fingerprint,
  };
  await record(settings.dir, recorded);
  return recorded;
}

/** BMCs, agents and images are never behind the proxy that the seed reaches the internet by. */
const NO_PROXY = { http_proxy: '', https_proxy: '', HTTP_PROXY: '', HTTPS_PROXY: '', no_proxy: '*' };

/** The recorded Ironic, running or not; null when none is recorded. */
export async function recordedIronic(dir: string): Promise<IronicProcess | null> {
  const text = await readFile(undercloudPaths(dir).processFile, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as IronicProcess);
}

/** The Ironic of this folder that runs now; also one that a seed started and died before it wrote that down. */
export async function runningIronic(
  settings: Pick<UndercloudSettings, 'dir'>,
): Promise<IronicProcess | null> {
  const recorded = await recordedIronic(settings.dir);
  if (recorded !== null && (await isRunning(recorded))) return recorded;
  const stray = await findByConfigFile(undercloudPaths(settings.dir).configFile);
  if (stray === null) return null;
  const found = { ...stray, startedAtMs: Date.now(), version: recorded?.version ?? '', fingerprint: null };
  await record(settings.dir, found);
  return found;
}

/** The master names its command line in its title: `ironic: master process [… --config-file FILE]`. */
async function findByConfigFile(configFile: string): Promise<ProcessIdentity | null> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    const isMaster = /^ironic: master process |\/bin\/ironic --config-file /.test(line);
    if (isMaster && line.includes(`--config-file ${configFile}`)) return identityOf(Number(name));
  }
  return null;
}

/**
 * Ends an Ironic: SIGTERM to the master only, which takes 3 s and lets steps under way end; to the whole group it
 * would take a minute (ironic 39). Whatever is left after that is killed. `onlyKill` ends it at once.
 */
export async function endIronic(
  dir: string,
  ironic: IronicProcess,
  clock: Clock,
  options: { readonly onlyKill?: boolean } = {},
): Promise<void> {
  if (await isRunning(ironic)) {
    if (!options.onlyKill) send(ironic.pid, 'SIGTERM');
    const deadlineMs = clock.nowMs() + (options.onlyKill ? 0 : TERM_LIMIT_MS);
    while ((await isRunning(ironic)) && clock.nowMs() < deadlineMs) await clock.sleep(SETTLE_MS);
    if (await isRunning(ironic)) send(-ironic.pid, 'SIGKILL');
    while (await isRunning(ironic)) await clock.sleep(SETTLE_MS);
  }
  await rm(undercloudPaths(dir).processFile, { force: true });
}

/** Memory of master and worker, in MiB: what they share counts once (proportional set size). */
export async function memoryMib(ironic: Pick<ProcessIdentity, 'pid'>): Promise<number | null> {
  let kib = 0;
  for (const pid of await groupOf(ironic.pid)) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    kib += Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
  }
  return kib === 0 ? null : Math.round(kib / 1024);
}

/**
 * Kills what a master left: its worker takes up to five seconds to see that it is alone, and holds the API's port for
 * as long. Only processes of that group which call themselves Ironic's are touched.
 */
export async function endOrphans(ironic: Pick<ProcessIdentity, 'pid'>): Promise<void> {
  for (const pid of await groupOf(ironic.pid)) {
    const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (pid !== ironic.pid && title.startsWith('ironic: ')) send(pid, 'SIGKILL');
  }
}

/** The processes of a group. Not by parenthood: the kernel lists children by the thread that made them. */
async function groupOf(leader: number): Promise<number[]> {
  const members: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // proc(5): state, ppid and pgrp follow the command in parentheses.
    const group = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2];
    if (group === String(leader)) members.push(Number(name));
  }
  return members;
}

async function record(dir: string, ironic: IronicProcess): Promise<void> {
  const { processFile } = undercloudPaths(dir);
  await writeFile(`${processFile}.new`, `${JSON.stringify(ironic)}\n`, { mode: 0o600, flush: true });
  await rename(`${processFile}.new`, processFile);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

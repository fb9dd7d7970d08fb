import { appendFile, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Clock } from '../clock.ts';
import { LOST_WITH_CONDUCTOR } from '../core/provision-states.ts';
import { isRunning } from '../exec/process-identity.ts';
import { lastLines } from '../exec/run.ts';
import { openIronic } from '../ironic/client.ts';
import type { Log } from '../log.ts';
import { configureUndercloud } from './configure.ts';
import { undercloudAccess } from './credentials.ts';
import { ensureDatabase } from './database.ts';
import { type InstalledUndercloud, installUndercloud } from './install.ts';
import {
  endIronic,
  endOrphans,
  type IronicProcess,
  recordedIronic,
  runningIronic,
  spawnIronic,
} from './ironic-process.ts';
import { type UndercloudSettings, undercloudPaths } from './settings.ts';
import { apiPortTaken, didNotStart, noSuchAddress } from './undercloud-error.ts';

export interface UndercloudDeps {
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface StartedUndercloud {
  readonly process: IronicProcess;
  /** It ran already, and goes on. */
  readonly adopted: boolean;
  /** It ran with an older configuration and is busy, so it goes on with that one for now. */
  readonly outdated: boolean;
}

const START_LIMIT_MS = 90_000;
const POLL_MS = 200;

/**
 * An undercloud that runs and answers: installed, configured, its database made, its process started, each only where
 * it is not so already. A seed that starts again adopts the Ironic that runs; one with another configuration is started
 * anew unless it is in the middle of something that a restart would fail.
 */
export async function startUndercloud(
  settings: UndercloudSettings,
  deps: UndercloudDeps,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<StartedUndercloud> {
  const installed = await installUndercloud(deps.cacheDir, report, signal);
  const fingerprint = await configureUndercloud(settings, installed);
  const running = await runningIronic(settings);
  if (running !== null) {
    const outdated = running.fingerprint !== fingerprint;
    if (!outdated || (await isBusy(settings, deps.clock, signal))) {
      await untilAnswering(settings, running, deps.clock, signal);
      deps.log.info({ pid: running.pid, outdated }, 'undercloud adopted');
      return { process: running, adopted: true, outdated };
    }
    report('stopping Ironic: its configuration has changed');
    await endIronic(settings.dir, running, deps.clock);
  }
  return {
    process: await launch(settings, deps, installed, fingerprint, report, signal),
    adopted: false,
    outdated: false,
  };
}

async function launch(
  settings: UndercloudSettings,
  { clock, log }: UndercloudDeps,
  installed: InstalledUndercloud,
  fingerprint: string,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<IronicProcess> {
  const before = await recordedIronic(settings.dir);
  if (before !== null) await endOrphans(before);
  await refuseTakenPort(settings);
  await ensureDatabase(settings, installed, signal);
  report(`starting Ironic ${installed.version}`);
  await markStart(settings.dir, clock.nowMs());
  const started = await spawnIronic(settings, installed, fingerprint, clock);
  try {
    await untilAnswering(settings, started, clock, signal);
  } catch (error) {
    await endIronic(settings.dir, started, clock, { onlyKill: true });
    throw error;
  }
  log.info({ pid: started.pid, version: installed.version }, 'undercloud started');
  return started;
}

/** Whether a restart now would throw away work: some node is in a state that no conductor can take up again. */
async function isBusy(settings: UndercloudSettings, clock: Clock, signal?: AbortSignal): Promise<boolean> {
  const access = await undercloudAccess(settings);
  if (access === null) return false;
  const ironic = openIronic(access, { clock, limits: { timeoutMs: 10_000, retryMs: 10_000 } });
  try {
    const nodes = await ironic.nodes({ fields: ['provision_state'] }, signal);
    return nodes.some((node) => Object.hasOwn(LOST_WITH_CONDUCTOR, node.provision_state));
  } catch {
    signal?.throwIfAborted();
    return false; // it does not answer: a restart is the cure
  }
}

/** Waits for the API. Ironic's master lives on when its worker cannot start, so a limit and the log must tell. */
async function untilAnswering(
  settings: UndercloudSettings,
  started: IronicProcess,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const deadlineMs = clock.nowMs() + START_LIMIT_MS;
  while (!(await answers(settings, clock, signal))) {
    if (!(await isRunning(started))) throw await startFailure(settings.dir, 'it ended at once');
    if (clock.nowMs() > deadlineMs)
      throw await startFailure(settings.dir, `no answer within ${START_LIMIT_MS / 1000} s`);
    await clock.sleep(POLL_MS, signal);
  }
}

/** One question that needs no password and touches no database. */
export async function answers(
  settings: UndercloudSettings,
  clock: Clock,
  signal?: AbortSignal,
): Promise<boolean> {
  const access = await undercloudAccess(settings);
  if (access === null) return false;
  const ironic = openIronic(access, { clock, limits: { timeoutMs: 10_000, retryMs: 0 } });
  try {
    await ironic.versions(signal);
    return true;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}

async function startFailure(dir: string, why: string) {
  const { outputFile } = undercloudPaths(dir);
  return didNotStart(why, await lastWords(dir), outputFile);
}

/** The end of what Ironic printed since its start, which is where a start that failed says why; else of its log. */
export async function lastWords(dir: string): Promise<string> {
  const { outputFile, logFile } = undercloudPaths(dir);
  const printed = (await readFile(outputFile, 'utf8').catch(() => '')).split(START_MARK).at(-1) ?? '';
  const words = printed.slice(printed.indexOf('\n') + 1).trim();
  if (words !== '') return lastLines(words, 8);
  return lastLines(await readFile(logFile, 'utf8').catch(() => ''), 8);
}

const MOST_OUTPUT_BYTES = 8 * 1024 * 1024;
const START_MARK = '=== started by blackstart at ';

/** Each start's output begins with a line of ours; a file that has grown large starts over. */
async function markStart(dir: string, nowMs: number): Promise<void> {
  const { outputFile } = undercloudPaths(dir);
  const size = (await stat(outputFile).catch(() => null))?.size ?? 0;
  const line = `${START_MARK}${new Date(nowMs).toISOString()}\n`;
  await appendFile(outputFile, line, { flag: size > MOST_OUTPUT_BYTES ? 'w' : 'a', mode: 0o600 });
}

/** Says who is at fault before Ironic fails with a stack. */
function refuseTakenPort({ address, apiPort }: UndercloudSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(apiPortTaken(address, apiPort, error));
      else if (error.code === 'EADDRNOTAVAIL') reject(noSuchAddress(address, error));
      else reject(error);
    });
    probe.listen({ host: address, port: apiPort, exclusive: true }, () => probe.close(() => resolve()));
  });
}

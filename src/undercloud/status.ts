import type { Clock } from '../clock.ts';
import { openIronic } from '../ironic/client.ts';
import { versionText } from '../ironic/microversion.ts';
import { undercloudAccess } from './credentials.ts';
import { memoryMib, recordedIronic, runningIronic } from './ironic-process.ts';
import { apiUrl, type UndercloudSettings, undercloudPaths } from './settings.ts';
import { lastWords } from './start.ts';

export interface UndercloudStatus {
  /** stopped: on purpose or never started; failed: it should run, and does not; silent: it runs, and does not answer. */
  readonly state: 'running' | 'silent' | 'stopped' | 'failed';
  /** What is wrong, in a sentence; empty when nothing is. */
  readonly detail: string;
  readonly url: string;
  readonly pid: number | null;
  /** Ironic's release. */
  readonly version: string | null;
  /** The newest API version it speaks, as `1.115`. */
  readonly apiVersion: string | null;
  readonly memoryMib: number | null;
  readonly uptimeSeconds: number | null;
  readonly logFile: string;
}

/** How the undercloud is, as the host and its API tell now. Changes nothing and throws nothing but an abort. */
export async function undercloudStatus(
  settings: Pick<UndercloudSettings, 'dir' | 'address' | 'apiPort'>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<UndercloudStatus> {
  const base = { url: apiUrl(settings), logFile: undercloudPaths(settings.dir).logFile };
  const gone = { pid: null, version: null, apiVersion: null, memoryMib: null, uptimeSeconds: null };
  const running = await runningIronic(settings);
  if (running === null) {
    const recorded = await recordedIronic(settings.dir);
    if (recorded === null) return { ...base, ...gone, state: 'stopped', detail: 'it is not running' };
    const detail = `it has died (pid ${recorded.pid}): ${await lastWords(settings.dir)}`;
    return { ...base, ...gone, state: 'failed', detail, version: recorded.version };
  }
  const asked = await askApi(settings, clock, signal);
  return {
    ...base,
    state: asked.error === null ? 'running' : 'silent',
    detail: asked.error ?? '',
    pid: running.pid,
    version: running.version || null,
    apiVersion: asked.apiVersion,
    memoryMib: await memoryMib(running),
    uptimeSeconds: Math.max(0, Math.round((clock.nowMs() - running.startedAtMs) / 1000)),
  };
}

/** A real question, with the password and the database. */
async function askApi(
  settings: Pick<UndercloudSettings, 'dir' | 'address' | 'apiPort'>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<{ apiVersion: string | null; error: string | null }> {
  const access = await undercloudAccess(settings);
  if (access === null) return { apiVersion: null, error: 'its password file is gone' };
  const ironic = openIronic(access, { clock, limits: { timeoutMs: 5_000, retryMs: 0 } });
  try {
    const { newestMinor } = await ironic.versions(signal);
    await ironic.nodes({ fields: ['uuid'] }, signal);
    return { apiVersion: versionText(newestMinor), error: null };
  } catch (error) {
    signal?.throwIfAborted();
    return { apiVersion: null, error: error instanceof Error ? error.message : String(error) };
  }
}

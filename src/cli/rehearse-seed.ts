import { readFile } from 'node:fs/promises';
import { apiCommands } from '../api/client.ts';
import { systemClock } from '../clock.ts';
import { BlackstartError } from '../errors.ts';
import { startDetached } from '../exec/detached.ts';
import { lastLines, tryRun } from '../exec/run.ts';
import type { Commands } from '../operations/commands.ts';
import { seedNamespace } from '../rack/network.ts';
import { forgetProcess, recordProcess } from '../rack/process-record.ts';
import type { LoadedSite } from '../site/load-site.ts';
import { seedPaths } from '../site/seed-paths.ts';
import { launcher } from './launcher.ts';
import type { RehearsalPlace } from './rehearse-site.ts';

const START_LIMIT_MS = 60_000;

/** The seed of a rehearsal: the public `blackstart serve`, in the seed's network namespace. */
export class RehearsalSeed {
  readonly commands: Commands;
  readonly #rackName: string;
  readonly #place: RehearsalPlace;
  #pid: number | null = null;

  constructor(rackName: string, place: RehearsalPlace, { site }: LoadedSite) {
    this.#rackName = rackName;
    this.#place = place;
    this.commands = apiCommands(seedPaths(site).socket);
  }

  get pid(): number | null {
    return this.#pid;
  }

  async start(signal: AbortSignal): Promise<void> {
    const command = [
      'netns',
      'exec',
      seedNamespace(this.#rackName),
      ...launcher(),
      'serve',
      '--site',
      this.#place.siteDir,
    ];
    this.#pid = await startDetached('ip', command, this.#place.seedLog);
    await recordProcess(this.#place.rackDir, this.#pid, 'seed');
    const deadlineMs = Date.now() + START_LIMIT_MS;
    while (!(await this.#answers())) {
      if (!this.#alive() || Date.now() > deadlineMs) throw await this.#didNotStart();
      await systemClock.sleep(200, signal);
    }
  }

  /** What a power cut or the kernel's out-of-memory killer does to it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(name: NodeJS.Signals): Promise<void> {
    const pid = this.#pid;
    if (pid === null) return;
    if (this.#alive()) process.kill(pid, name);
    for (let waitedMs = 0; this.#alive(); waitedMs += 100) {
      if (waitedMs > 30_000) process.kill(pid, 'SIGKILL');
      await systemClock.sleep(100);
    }
    await forgetProcess(this.#place.rackDir, pid);
    this.#pid = null;
  }

  #alive(): boolean {
    try {
      if (this.#pid !== null) process.kill(this.#pid, 0);
      return this.#pid !== null;
    } catch {
      return false;
    }
  }

  async #answers(): Promise<boolean> {
    return this.commands.seed().then(
      () => true,
      () => false,
    );
  }

  async #didNotStart(): Promise<BlackstartError> {
    const said = await readFile(this.#place.seedLog, 'utf8').catch(() => '');
    return new BlackstartError('E_SEED', '"blackstart serve" did not start', {
      remedy: `It said: ${lastLines(said, 12)}`,
    });
  }
}

/** The most memory a process has had so far, in MiB (proc(5), VmHWM); null when it has ended. */
export async function peakMemoryMib(pid: number | null): Promise<number | null> {
  const status = pid === null ? '' : (await tryRun('cat', [`/proc/${pid}/status`])).stdout;
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return kib === undefined ? null : Math.round(Number(kib) / 1024);
}

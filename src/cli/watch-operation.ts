import { systemClock } from '../clock.ts';
import { BlackstartError } from '../errors.ts';
import type { Commands, NodeView, OperationView, SiteStepView } from '../operations/commands.ts';
import { duration } from './output.ts';
import type { Task } from './show-tasks.ts';

const POLL_MS = 500;
/** A daemon that was killed is waited for: whoever watches does not notice more than a pause. */
const DAEMON_RETURN_MS = 120_000;

/**
 * Asks for something that may be asked for twice, again while the daemon is away: it may have died of the very request,
 * having taken it.
 */
export async function askUntilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadlineMs = Date.now() + DAEMON_RETURN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isGone(error) || Date.now() > deadlineMs) throw error;
      await systemClock.sleep(POLL_MS, signal);
    }
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof BlackstartError && error.code === 'E_DAEMON_GONE';

/** Follows one operation of the daemon; tasks wait on what it saw last. */
export class OperationWatch {
  #view: OperationView;
  readonly #commands: Commands;
  readonly #signal: AbortSignal;
  #lostAtMs: number | null = null;

  constructor(commands: Commands, first: OperationView, signal: AbortSignal) {
    this.#commands = commands;
    this.#view = first;
    this.#signal = signal;
  }

  get view(): OperationView {
    return this.#view;
  }

  /** Polls until the operation has ended. Throws E_DAEMON_GONE when the daemon stays away, or the abort's reason. */
  async follow(): Promise<OperationView> {
    while (this.#view.state === 'running') {
      await systemClock.sleep(POLL_MS, this.#signal);
      await this.#poll();
    }
    return this.#view;
  }

  async #poll(): Promise<void> {
    try {
      this.#view = await this.#commands.operation(this.#view.id);
      this.#lostAtMs = null;
    } catch (error) {
      this.#lostAtMs ??= Date.now();
      if (!isGone(error) || Date.now() - this.#lostAtMs > DAEMON_RETURN_MS) throw error;
    }
  }

  get daemonIsAway(): boolean {
    return this.#lostAtMs !== null;
  }
}

/** A task for each site-wide step and each node of the operation, all driven by one watch. */
export function operationTasks(watch: OperationWatch): Task[] {
  const ended = watch.follow();
  ended.catch(() => {});
  const site = watch.view.site.map((step) => siteTask(watch, step, ended));
  const nodes = watch.view.nodes.map((node) => nodeTask(watch, node.name, ended));
  return [...site, ...nodes];
}

function siteTask(watch: OperationWatch, first: SiteStepView, ended: Promise<unknown>): Task {
  let line = '';
  return {
    title: first.title,
    run: (say) =>
      untilEnd(ended, () => {
        const step = watch.view.site.find((candidate) => candidate.step === first.step);
        if (step?.state === 'failed') throw taskFailed(step.error ?? 'failed', step.remedy ?? '');
        if (step?.state === 'done') {
          say.title(`${first.title} (${duration((step.seconds ?? 0) * 1000)})`);
          return true;
        }
        const now = watch.daemonIsAway ? 'the daemon is away; waiting for it' : (step?.line ?? '');
        if (now !== line) say.line(now);
        line = now;
        return watch.view.state !== 'running';
      }),
  };
}

function nodeTask(watch: OperationWatch, name: string, ended: Promise<unknown>): Task {
  let line = '';
  return {
    title: name,
    run: (say) =>
      untilEnd(ended, () => {
        const node = watch.view.nodes.find((candidate) => candidate.name === name);
        if (node === undefined) return watch.view.state !== 'running';
        const now = watch.daemonIsAway
          ? 'the daemon is away; waiting for it'
          : `${node.state}: ${node.doing}`;
        if (now.replace(/\d+ s/, '') !== line) say.line(`${name} ${now}`);
        line = now.replace(/\d+ s/, '');
        if (watch.view.state === 'running') return false;
        if (node.blocked) throw taskFailed(`${name}: ${node.blocked.reason}`, node.blocked.remedy);
        say.title(`${name}: ${node.state}${sinceStart(node, watch.view)}`);
        return true;
      }),
  };
}

const sinceStart = (node: NodeView, view: OperationView): string =>
  node.times.loginAtMs === null
    ? ''
    : `, logged in ${duration(node.times.loginAtMs - (node.times.powerOnAtMs ?? view.createdAtMs))} after power-on`;

const taskFailed = (message: string, remedy: string) => new BlackstartError('E_UP', message, { remedy });

/** Looks again and again until `look` says that there is nothing more to see, or the watch itself failed. */
async function untilEnd(ended: Promise<unknown>, look: () => boolean): Promise<void> {
  let over = false;
  const end = ended.finally(() => {
    over = true;
  });
  while (!look()) {
    if (over) return void (await end);
    await Promise.race([systemClock.sleep(POLL_MS / 2), end.catch(() => {})]);
  }
}

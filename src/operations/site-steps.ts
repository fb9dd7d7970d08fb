import type { Clock } from '../clock.ts';
import type { Stage } from '../core/stages.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import type { Journal, JournalDetail } from '../store/journal.ts';
import type { Operation } from '../store/operations.ts';
import type { SiteStepView } from './commands.ts';
import type { History } from './history.ts';

/** Something the whole site needs before nodes can go on. Idempotent: what is there already costs nothing. */
export interface SiteStep {
  readonly step: string;
  readonly title: string;
  neededFor(to: Stage): boolean;
  run(report: (line: string) => void, signal: AbortSignal): Promise<JournalDetail>;
}

const SITE = 'site';

/** Runs the site's steps one after the other, journaled, beside the nodes' own way. */
export class SiteStepRunner {
  readonly #steps: readonly SiteStep[];
  readonly #journal: Journal;
  readonly #history: History;
  readonly #clock: Clock;
  readonly #lines = new Map<string, string>();
  /** Steps that this process has brought to their end: after a restart they run again, which is cheap. */
  readonly #ready = new Set<string>();
  readonly #running = new Map<string, number>();

  constructor(steps: readonly SiteStep[], journal: Journal, history: History, clock: Clock) {
    this.#steps = steps;
    this.#journal = journal;
    this.#history = history;
    this.#clock = clock;
  }

  isReady(step: string): boolean {
    return this.#ready.has(step);
  }

  async run(operation: Operation, signal: AbortSignal): Promise<void> {
    for (const step of this.#neededFor(operation)) {
      if (signal.aborted || !(await this.#runOne(operation, step, signal))) return;
    }
  }

  async #runOne(operation: Operation, step: SiteStep, signal: AbortSignal): Promise<boolean> {
    this.#running.set(step.step, this.#clock.nowMs());
    await this.#journal.write(operation.id, SITE, step.step, 'begin');
    try {
      const detail = await step.run((line) => this.#lines.set(step.step, line), signal);
      this.#ready.add(step.step);
      await this.#journal.write(operation.id, SITE, step.step, 'done', detail);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const remedy =
        error instanceof BlackstartError
          ? error.remedy
          : 'This is a bug in Blackstart: please report it with the log.';
      await this.#journal.write(operation.id, SITE, step.step, 'failed', { error: reasonOf(error), remedy });
      return false;
    } finally {
      this.#running.delete(step.step);
    }
  }

  finished(operation: Operation): boolean {
    return this.#neededFor(operation).every((step) => this.#ready.has(step.step));
  }

  /** Why the operation cannot go on, or null. */
  failure(operation: Operation): string | null {
    const failed = this.views(operation).find((view) => view.state === 'failed');
    return failed === undefined ? null : `${failed.title}: ${failed.error}`;
  }

  views(operation: Operation): SiteStepView[] {
    return this.#neededFor(operation).map((step) => this.#view(operation, step));
  }

  #view(operation: Operation, { step, title }: SiteStep): SiteStepView {
    const entries = this.#history
      .of(SITE)
      .filter((entry) => entry.operation === operation.id && entry.step === step);
    const record = this.#history.step(operation.id, SITE, step);
    const beganAtMs = entries.findLast((entry) => entry.phase === 'begin')?.atMs;
    const running = this.#running.has(step);
    const failed = !running && entries.at(-1)?.phase === 'failed';
    const done = !running && record?.doneAtMs != null;
    return {
      step,
      title,
      state: running ? 'running' : done ? 'done' : failed ? 'failed' : 'waiting',
      line: this.#lines.get(step) ?? '',
      seconds:
        done && beganAtMs !== undefined && record?.doneAtMs ? (record.doneAtMs - beganAtMs) / 1000 : null,
      error: failed ? (record?.lastError ?? null) : null,
      remedy: failed ? (record?.lastRemedy ?? null) : null,
    };
  }

  #neededFor(operation: Operation): SiteStep[] {
    return this.#steps.filter((step) => step.neededFor(operation.target as Stage));
  }
}

import type { NodeStep, StepRecord } from '../core/plan-node.ts';
import type { JournalEntry } from '../store/journal.ts';

/**
 * The journal in memory, so that plans can ask it synchronously: loaded once, appended to as entries become durable.
 */
export class History {
  readonly #entries: JournalEntry[];

  constructor(entries: readonly JournalEntry[]) {
    this.#entries = [...entries];
  }

  append(entry: JournalEntry): void {
    this.#entries.push(entry);
  }

  of(node: string): JournalEntry[] {
    return this.#entries.filter((entry) => entry.node === node);
  }

  /** Steps that were begun and have no end: the process died in them. */
  unfinished(): JournalEntry[] {
    const open = new Map<string, JournalEntry>();
    for (const entry of this.#entries) {
      const key = `${entry.operation} ${entry.node} ${entry.step}`;
      if (entry.phase === 'begin') open.set(key, entry);
      else open.delete(key);
    }
    return [...open.values()];
  }

  /** How a step of a node has gone in one operation. A later failure or break takes back an earlier success. */
  step(operation: number, node: string, step: string): StepRecord | undefined {
    const entries = this.#entries.filter(
      (entry) => entry.operation === operation && entry.node === node && entry.step === step,
    );
    if (entries.length === 0) return undefined;
    const failures = entries.filter((entry) => entry.phase === 'failed');
    const ended = entries.findLast((entry) => entry.phase !== 'begin');
    const lastFailure = failures.at(-1);
    return {
      failures: failures.length,
      lastError: textOf(lastFailure, 'error'),
      lastRemedy: textOf(lastFailure, 'remedy'),
      lastFailedAtMs: lastFailure?.atMs ?? null,
      doneAtMs: ended?.phase === 'done' ? ended.atMs : null,
    };
  }

  steps(operation: number, node: string): Partial<Record<NodeStep, StepRecord>> {
    const records: Partial<Record<NodeStep, StepRecord>> = {};
    for (const step of NODE_STEPS) {
      const record = this.step(operation, node, step);
      if (record !== undefined) records[step] = record;
    }
    return records;
  }

  /**
   * When this installer last went about to switch the machine on for discovery, if nothing was deployed to it since.
   * A crash may have come before the power did: ask the BMC for that.
   */
  poweredForDiscoveryAtMs(node: string): number | null {
    const last = this.of(node).findLast((entry) => entry.step === 'deploy' || entry.step === POWERING);
    return last?.step === POWERING ? last.atMs : null;
  }

  /** The last time a step ended well, in any operation. */
  lastDoneAtMs(node: string, step: string): number | null {
    return this.of(node).findLast((entry) => entry.step === step && entry.phase === 'done')?.atMs ?? null;
  }

  /** The states Ironic was seen to give the node, oldest first. */
  provisionStates(node: string): { state: string; atMs: number }[] {
    return this.of(node)
      .filter((entry) => entry.step === STATE_SEEN)
      .map((entry) => ({ state: String(entry.detail['state']), atMs: entry.atMs }));
  }
}

/** The journal's name for "the undercloud was seen to have the node in a new state". */
export const STATE_SEEN = 'state-seen';

/**
 * The journal's name for "the machine is free, and about to be switched on for discovery". Written before the power
 * changes: what runs after a crash is then known to run because of this installer.
 */
export const POWERING = 'powering';

export const NODE_STEPS: readonly NodeStep[] = [
  'read-bmc',
  'power-on',
  'enroll',
  'manage',
  'inspect',
  'provide',
  'deploy',
  'netboot-again',
  'protect',
  'login',
  'configure',
];

const textOf = (entry: JournalEntry | undefined, key: string): string | null => {
  const value = entry?.detail[key];
  return typeof value === 'string' ? value : null;
};

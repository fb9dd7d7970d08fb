import type { Clock } from '../clock.ts';
import {
  type DesiredNode,
  type NodePlan,
  type NodeStep,
  type ObservedNode,
  planNode,
  type SiteRoom,
  undercloudFailure,
} from '../core/plan-node.ts';
import type { Stage } from '../core/stages.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Journal, JournalDetail } from '../store/journal.ts';
import type { Operation } from '../store/operations.ts';
import { type History, STATE_SEEN } from './history.ts';
import type { SiteStepRunner } from './site-steps.ts';

export interface Observation {
  readonly room: SiteRoom;
  readonly nodes: ReadonlyMap<string, ObservedNode>;
}

/** What the reconciler needs of the world. Every method asks; only `steps` and `approve` change anything. */
export interface World {
  readonly nodeNames: readonly string[];
  desired(name: string, to: Stage): DesiredNode;
  observe(operation: Operation, signal: AbortSignal): Promise<Observation>;
  approveByRule(name: string): Promise<void>;
  /** Does one step for one node, to the end of its effect, and returns what is worth keeping of it. */
  runStep(step: NodeStep, name: string, operation: Operation, signal: AbortSignal): Promise<JournalDetail>;
}

interface ReconcilerDeps {
  readonly world: World;
  readonly siteSteps: SiteStepRunner;
  readonly journal: Journal;
  readonly history: History;
  readonly clock: Clock;
  readonly log: Log;
  endOperation(operation: Operation, state: 'done' | 'failed', summary: string): Promise<void>;
}

const TICK_MS = 1_000;

/**
 * Brings every node where an operation wants it, by asking planNode again and again and doing what it says: one step
 * at a time for a node, all nodes side by side. It keeps nothing that the journal and the observed world do not tell,
 * so a start after a crash needs no special case.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #acting = new Map<string, Promise<void>>();
  readonly #plans = new Map<string, NodePlan>();
  /** When this process began to look: what happened before happened without a seed to serve files. */
  #sinceMs = 0;
  #lastSeen: Observation | null = null;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /** What is planned for a node, as of the last look; null before the first. */
  planOf(name: string): NodePlan | null {
    return this.#plans.get(name) ?? null;
  }

  get observation(): Observation | null {
    return this.#lastSeen;
  }

  /** Works on one operation until it has ended or `signal` aborts; an abort waits for the steps that are under way. */
  async work(operation: Operation, signal: AbortSignal): Promise<void> {
    const { siteSteps, clock, log } = this.#deps;
    this.#sinceMs = clock.nowMs();
    await this.#closeInterrupted(operation);
    const preparing = siteSteps.run(operation, signal);
    try {
      while (!signal.aborted) {
        if (await this.#tick(operation, signal)) return;
        await clock.sleep(TICK_MS, signal).catch(() => {});
      }
    } finally {
      await Promise.allSettled([preparing, ...this.#acting.values()]);
      log.debug({ operation: operation.id }, 'reconciler stopped working on operation');
    }
  }

  /** Steps that a dead process had begun are journaled as interrupted; whether they took effect is seen, not assumed. */
  async #closeInterrupted(operation: Operation): Promise<void> {
    const { history, journal, log } = this.#deps;
    for (const entry of history.unfinished()) {
      log.warn({ node: entry.node, step: entry.step }, 'step was interrupted');
      await journal.write(entry.operation, entry.node, entry.step, 'interrupted', {
        by: `operation ${operation.id}`,
      });
    }
  }

  /** One look at everything. True when the operation has ended. */
  async #tick(operation: Operation, signal: AbortSignal): Promise<boolean> {
    const { world, siteSteps, log } = this.#deps;
    try {
      const seen = await world.observe(operation, signal);
      this.#lastSeen = seen;
      for (const name of world.nodeNames) {
        const node = seen.nodes.get(name);
        if (node !== undefined) await this.#consider(operation, node, seen, signal);
      }
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof BlackstartError)) throw error;
      log.warn({ code: error.code, reason: error.message }, 'could not look at the site');
      return false;
    }
    if (siteSteps.failure(operation) !== null)
      return this.#end(operation, 'failed', `${siteSteps.failure(operation)}`);
    return this.#endWhenSettled(operation);
  }

  async #consider(
    operation: Operation,
    node: ObservedNode,
    seen: Observation,
    signal: AbortSignal,
  ): Promise<void> {
    const { world, clock, log } = this.#deps;
    if (this.#acting.has(node.name)) return;
    await this.#recordUndercloud(operation, node);
    const plan = planNode(
      world.desired(node.name, operation.target as Stage),
      this.#withSteps(operation, node),
      this.#roomNow(seen),
      clock.nowMs(),
    );
    const before = this.#plans.get(node.name);
    this.#plans.set(node.name, plan);
    if (before?.kind !== plan.kind || before.reason !== plan.reason)
      log.info({ node: node.name, plan: plan.kind, reason: plan.reason }, 'node planned');
    if (plan.kind === 'approve') return this.#start(node.name, world.approveByRule(node.name));
    if (plan.kind === 'do') this.#start(node.name, this.#do(operation, node.name, plan.step, signal));
  }

  /** Steps started since the last look count too, so that two nodes of one look do not share the last free slot. */
  #roomNow(seen: Observation): SiteRoom {
    const starting = (step: NodeStep) =>
      [...this.#acting.keys()].filter((name) => {
        const plan = this.#plans.get(name);
        return plan?.kind === 'do' && plan.step === step;
      }).length;
    const { room } = seen;
    return {
      ...room,
      deploysRunning: room.deploysRunning + starting('deploy'),
      cleansRunning: room.cleansRunning + starting('provide'),
    };
  }

  #withSteps(operation: Operation, node: ObservedNode): ObservedNode {
    return { ...node, steps: this.#deps.history.steps(operation.id, node.name) };
  }

  /**
   * Journals each new provision state, and each failure that Ironic reports for a step it had accepted. What failed
   * while no seed ran to serve the files counts as interrupted: it is tried again, and is no try of its own.
   */
  async #recordUndercloud(operation: Operation, node: ObservedNode): Promise<void> {
    const { history, journal } = this.#deps;
    if (node.undercloud === null) return;
    const state = node.undercloud.provisionState;
    const before = history.provisionStates(node.name).at(-1);
    if (before?.state !== state) {
      await journal.write(operation.id, node.name, STATE_SEEN, 'done', { state });
    }
    const failure = undercloudFailure(node.undercloud);
    if (failure === null || !history.step(operation.id, node.name, failure.step)?.doneAtMs) return;
    const alone = before !== undefined && before.state !== state && before.atMs < this.#sinceMs;
    await journal.write(operation.id, node.name, failure.step, alone ? 'interrupted' : 'failed', {
      error: failure.error,
      remedy: `See "blackstart nodes show ${node.name}" and the undercloud's log; mend it and run "blackstart up" again.`,
    });
  }

  #start(name: string, work: Promise<void>): void {
    const settled = work.finally(() => this.#acting.delete(name));
    this.#acting.set(name, settled);
    settled.catch((error) =>
      this.#deps.log.error({ node: name, error: reasonOf(error) }, 'step ended in a bug'),
    );
  }

  async #do(operation: Operation, name: string, step: NodeStep, signal: AbortSignal): Promise<void> {
    const { world, journal, log } = this.#deps;
    await journal.write(operation.id, name, step, 'begin');
    try {
      const detail = await world.runStep(step, name, operation, signal);
      await journal.write(operation.id, name, step, 'done', detail);
    } catch (error) {
      if (signal.aborted)
        return void (await journal.write(operation.id, name, step, 'interrupted', { by: 'stop' }));
      const remedy =
        error instanceof BlackstartError
          ? error.remedy
          : 'This is a bug in Blackstart: please report it with the log.';
      log.warn(
        { node: name, step, error: error instanceof BlackstartError ? error.message : error },
        'step failed',
      );
      await journal.write(operation.id, name, step, 'failed', { error: reasonOf(error), remedy });
    }
  }

  /** Done when every node is; failed when every node is done or blocked and at least one is blocked. */
  #endWhenSettled(operation: Operation): Promise<boolean> | boolean {
    const { world, siteSteps } = this.#deps;
    const plans = world.nodeNames.map((name) => this.#plans.get(name));
    const settled = plans.every((plan) => plan?.kind === 'done' || plan?.kind === 'blocked');
    if (this.#acting.size > 0 || !settled || !siteSteps.finished(operation)) return false;
    const blocked = plans.filter((plan) => plan?.kind === 'blocked').length;
    const summary =
      blocked === 0
        ? `${plans.length} nodes reached ${operation.target}`
        : `${blocked} of ${plans.length} nodes did not reach ${operation.target}`;
    return this.#end(operation, blocked === 0 ? 'done' : 'failed', summary);
  }

  async #end(operation: Operation, state: 'done' | 'failed', summary: string): Promise<boolean> {
    await Promise.allSettled(this.#acting.values());
    await this.#deps.endOperation(operation, state, summary);
    this.#deps.log.info({ operation: operation.id, state, summary }, 'operation ended');
    return true;
  }
}

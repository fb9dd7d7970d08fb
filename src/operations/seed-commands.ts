import { matchMachine } from '../core/match.ts';
import { planNode } from '../core/plan-node.ts';
import { reaches, type Stage } from '../core/stages.ts';
import { BlackstartError, EXIT } from '../errors.ts';
import type { SiteNode } from '../site/site.ts';
import { nodeProfile } from '../site/views.ts';
import {
  beginOperation,
  endOperation,
  type Operation,
  operationById,
  runningOperation,
} from '../store/operations.ts';
import type { TraceEvent } from '../store/trace-event.ts';
import { bootOnce, cancelBootOnce } from './boot-once.ts';
import type {
  BootOnceView,
  BootOnceWish,
  Commands,
  NodeDetail,
  NodeView,
  OperationView,
  PlanLine,
  PowerAction,
  SeedView,
  StrangerView,
  TraceView,
  UndercloudView,
} from './commands.ts';
import { type Glance, nodeDetail, nodeView, strangers } from './node-views.ts';
import type { Reconciler } from './reconciler.ts';
import type { SeedServices } from './seed-services.ts';
import type { SeedState } from './seed-state.ts';
import type { SeedWorld } from './seed-world.ts';
import type { SiteStepRunner } from './site-steps.ts';
import { machinesSeen, traceView } from './trace-view.ts';

interface Parts {
  readonly state: SeedState;
  readonly services: SeedServices;
  readonly world: SeedWorld;
  readonly reconciler: Reconciler;
  readonly siteSteps: SiteStepRunner;
  readonly startedAtMs: number;
  readonly serving: readonly string[];
  undercloud(action: 'up' | 'status' | 'down'): Promise<UndercloudView>;
  /** Tells whoever works on operations that there is one, or that one was cancelled. */
  wake(): void;
}

/** Commands of this process: of the daemon, or of a command line that found none. */
export class SeedCommands implements Commands {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async seed(): Promise<SeedView> {
    const { state, startedAtMs, serving } = this.#parts;
    return {
      site: state.site.site.site,
      pid: process.pid,
      startedAtMs,
      memoryMib: Math.round(process.memoryUsage().rss / 1024 / 1024),
      serving,
      undercloud: await this.undercloud('status'),
      operation: (await runningOperation(state.database))?.id ?? null,
    };
  }

  /** Where each node is on its way, for the metrics. */
  nodeStates(): string[] {
    return this.#parts.state.site.site.nodes.map((node) => this.#view(node).state);
  }

  nodes(): Promise<{ nodes: NodeView[]; strangers: StrangerView[] }> {
    const { state } = this.#parts;
    return Promise.resolve({
      nodes: state.site.site.nodes.map((node) => this.#view(node)),
      strangers: strangers(state),
    });
  }

  async node(name: string): Promise<NodeDetail> {
    const { state } = this.#parts;
    const discovery = state.book.discoveryOf(name);
    const match = discovery === null ? null : matchMachine(discovery.identity, state.directory.identities());
    return nodeDetail(
      state,
      this.#siteNode(name),
      this.#glance(name),
      match?.kind === 'matched' ? match.evidence : [],
    );
  }

  async approve(name: string, by: string): Promise<NodeView> {
    return this.#decide(name, 'approved', by);
  }

  async reject(name: string, by: string): Promise<NodeView> {
    return this.#decide(name, 'rejected', by);
  }

  async #decide(name: string, approval: 'approved' | 'rejected', by: string): Promise<NodeView> {
    const { state } = this.#parts;
    const node = this.#siteNode(name);
    await state.book.update(name, { approval, approvedBy: by, approvedAtMs: state.clock.nowMs() });
    state.log.info({ node: name, approval, by }, 'node decided by a person');
    return this.#view(node);
  }

  async power(name: string, action: PowerAction): Promise<{ power: 'on' | 'off' }> {
    const { services, state } = this.#parts;
    const bmc = await services.bmc(this.#siteNode(name));
    if (action === 'on') await bmc.powerOn();
    if (action === 'off') await bmc.powerOff();
    if (action === 'cycle') await bmc.reset();
    const power = (await bmc.powerState()) === 'off' ? 'off' : 'on';
    state.log.info({ node: name, action, power }, 'power switched by a person');
    return { power };
  }

  async bootOnce(name: string, wish: BootOnceWish): Promise<BootOnceView> {
    const { services, state } = this.#parts;
    return bootOnce(this.#siteNode(name), wish, state, services);
  }

  async cancelBootOnce(name: string): Promise<{ cancelled: boolean }> {
    return { cancelled: await cancelBootOnce(this.#siteNode(name), this.#parts.state) };
  }

  trace(name: string, afterId: number): Promise<TraceView> {
    return traceView(this.#parts.state, name, afterId);
  }

  machines(): Promise<TraceEvent[]> {
    return Promise.resolve(machinesSeen(this.#parts.state));
  }

  async plan(to: Stage): Promise<PlanLine[]> {
    const { state, world } = this.#parts;
    const last = (await runningOperation(state.database)) ?? {
      id: 0,
      kind: 'plan',
      target: to,
      state: 'running',
      createdAtMs: 0,
      endedAtMs: null,
      summary: null,
    };
    const seen = await world.observe(last, AbortSignal.timeout(30_000));
    return state.site.site.nodes.map((node): PlanLine => {
      const observed = seen.nodes.get(node.name);
      if (observed === undefined) throw new Error(`${node.name} was not looked at`);
      const steps = state.history.steps(last.id, node.name);
      const plan = planNode(
        world.desired(node.name, to),
        { ...observed, steps },
        { ...seen.room, bootFilesReady: true, imagesReady: true, undercloudReady: true },
        state.clock.nowMs(),
      );
      const wipes =
        reaches(to, 'deploy') && observed.undercloud?.provisionState !== 'active' && plan.kind !== 'blocked';
      return {
        node: node.name,
        state: this.#view(node).state,
        next: plan.kind === 'do' ? `${plan.step}: ${plan.reason}` : plan.reason,
        wipes: wipes ? this.#disk(node) : null,
      };
    });
  }

  /** What a deployment would overwrite, as exactly as the site and the discovered inventory tell. */
  #disk(node: SiteNode): string {
    const hints = Object.entries(nodeProfile(this.#parts.state.site.site, node).rootDevice ?? {}).filter(
      ([, value]) => value !== null,
    );
    if (hints.length === 0) return 'its smallest disk of 4 GiB or more';
    return `the disk with ${hints.map(([key, value]) => `${key} ${value}`).join(', ')}`;
  }

  async up(to: Stage): Promise<OperationView> {
    const { state, wake } = this.#parts;
    const running = await runningOperation(state.database);
    if (running !== undefined && running.target !== to) throw busy(running);
    const operation = running ?? (await beginOperation(state.database, 'up', to, state.clock.nowMs()));
    wake();
    return this.#operationView(operation);
  }

  async operation(id: number): Promise<OperationView> {
    const operation = await operationById(this.#parts.state.database, id);
    if (operation !== undefined) return this.#operationView(operation);
    throw new BlackstartError('E_NO_OPERATION', `there is no operation ${id}`, {
      remedy: '"blackstart up" begins one.',
      exitCode: EXIT.usage,
    });
  }

  async cancel(id: number): Promise<OperationView> {
    const { state, wake } = this.#parts;
    await endOperation(state.database, id, 'cancelled', 'cancelled by a person', state.clock.nowMs());
    wake();
    return this.operation(id);
  }

  undercloud(action: 'up' | 'status' | 'down'): Promise<UndercloudView> {
    return this.#parts.undercloud(action);
  }

  #operationView(operation: Operation): OperationView {
    const { siteSteps, state } = this.#parts;
    return {
      ...operation,
      site: siteSteps.views(operation),
      nodes: state.site.site.nodes.map((node) => this.#view(node)),
    };
  }

  #view(node: SiteNode): NodeView {
    return nodeView(this.#parts.state, node, this.#glance(node.name));
  }

  #glance(name: string): Glance {
    const { reconciler, state } = this.#parts;
    const undercloud = reconciler.observation?.nodes.get(name)?.undercloud ?? null;
    const power = state.book.record(name).bmc?.power;
    return {
      plan: reconciler.planOf(name),
      undercloud,
      power: undercloud?.power ?? (power === undefined ? null : power === 'off' ? 'off' : 'on'),
    };
  }

  #siteNode(name: string): SiteNode {
    const node = this.#parts.state.site.site.nodes.find((candidate) => candidate.name === name);
    if (node !== undefined) return node;
    throw new BlackstartError('E_NO_SUCH_NODE', `there is no node "${name}"`, {
      remedy: '"blackstart nodes list" shows them all.',
      exitCode: EXIT.usage,
    });
  }
}

const busy = (running: Operation) =>
  new BlackstartError('E_BUSY', `operation ${running.id} (up --to ${running.target}) is running`, {
    remedy: `Watch it with "blackstart up --to ${running.target}", or wait for its end.`,
  });

import type { DesiredNode, NodeStep, ObservedNode } from '../../src/core/plan-node.ts';
import type { World } from '../../src/operations/reconciler.ts';

const AFTER: Readonly<Partial<Record<NodeStep, string>>> = {
  enroll: 'enroll',
  manage: 'manageable',
  inspect: 'manageable',
  provide: 'available',
  deploy: 'active',
};

interface FakeNode {
  power: 'on' | 'off';
  powered: boolean;
  discoveredAtMs: number | null;
  approval: 'pending' | 'approved';
  state: string | null;
  inspected: boolean;
  lastError: string | null;
}

/** The outside world of the reconciler, which outlives every crash of it and counts what was done to it. */
export class FakeWorld implements World {
  readonly nodeNames: readonly string[];
  readonly done: Record<string, number> = {};
  readonly nodes = new Map<string, FakeNode>();
  /** Called before and after each effect; what it throws is the crash. */
  onEffect: (name: string, step: string, moment: 'before' | 'after') => void = () => {};
  /** Steps that fail this many times more before they work. */
  failing: Partial<Record<NodeStep, number>> = {};

  constructor(names: readonly string[]) {
    this.nodeNames = names;
    for (const name of names) {
      this.nodes.set(name, {
        power: 'off',
        powered: false,
        discoveredAtMs: null,
        approval: 'pending',
        state: null,
        inspected: false,
        lastError: null,
      });
    }
  }

  desired(): DesiredNode {
    return {
      to: 'fleet',
      protected: false,
      autoApprove: true,
      hasPlaybooks: true,
      discoveryTimeoutMs: 60_000,
    };
  }

  observe() {
    const room = {
      seedSinceMs: 0,
      bootFilesReady: true,
      imagesReady: true,
      undercloudReady: true,
      deploysRunning: 0,
      deployLimit: 9,
      cleansRunning: 0,
      cleanLimit: 9,
    };
    return Promise.resolve({
      room,
      nodes: new Map(this.nodeNames.map((name) => [name, this.#observed(name)])),
    });
  }

  #observed(name: string): ObservedNode {
    const node = this.#node(name);
    const undercloud =
      node.state === null
        ? null
        : {
            provisionState: node.state,
            lastError: node.lastError,
            maintenance: false,
            inspected: node.inspected,
            waitsForSeed: false,
            protection: 'none' as const,
            power: node.power,
          };
    return {
      name,
      approval: node.approval,
      hasBmc: true,
      power: node.power,
      poweredForDiscovery: node.powered,
      discoveredAtMs: node.discoveredAtMs,
      matchConflict: null,
      boot: [],
      undercloud,
      steps: {},
    };
  }

  approveByRule(name: string): Promise<void> {
    this.#node(name).approval = 'approved';
    return Promise.resolve();
  }

  async runStep(step: NodeStep, name: string) {
    this.onEffect(name, step, 'before');
    const left = this.failing[step] ?? 0;
    if (left > 0) {
      this.failing[step] = left - 1;
      throw new Error(`${step} does not work yet`);
    }
    this.#effect(step, this.#node(name));
    this.done[`${name} ${step}`] = (this.done[`${name} ${step}`] ?? 0) + 1;
    this.onEffect(name, step, 'after');
    return {};
  }

  #effect(step: NodeStep, node: FakeNode): void {
    if (step === 'power-on') Object.assign(node, { power: 'on', powered: true, discoveredAtMs: 1 });
    if (step === 'inspect') node.inspected = true;
    node.state = AFTER[step] ?? node.state;
  }

  #node(name: string): FakeNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }
}

import type { Bmc } from '../bmc/bmc.ts';
import type { DesiredNode, NodeStep, ObservedNode, SiteRoom, UndercloudNode } from '../core/plan-node.ts';
import { CLEANING_STATES, DEPLOYING_STATES } from '../core/provision-states.ts';
import type { Stage } from '../core/stages.ts';
import { BlackstartError } from '../errors.ts';
import type { Ironic } from '../ironic/client.ts';
import { waitsForSeed } from '../ironic/inspect-running-agent.ts';
import type { IronicNode } from '../ironic/types.ts';
import type { SiteNode } from '../site/site.ts';
import { approvesMatch, isProtected, nodeProfile } from '../site/views.ts';
import type { JournalDetail } from '../store/journal.ts';
import type { Operation } from '../store/operations.ts';
import type { Observation, World } from './reconciler.ts';
import type { SeedServices } from './seed-services.ts';
import type { SeedState } from './seed-state.ts';
import { NODE_STEP_RUNS } from './steps/all.ts';
import type { StepContext } from './steps/context.ts';
import { protectionOf } from './steps/protect.ts';

/** The reconciler's world in earnest: the store, the undercloud, the BMCs. */
export class SeedWorld implements World {
  readonly nodeNames: readonly string[];
  readonly #state: SeedState;
  readonly #services: SeedServices;
  readonly #byName: ReadonlyMap<string, SiteNode>;
  readonly #sinceMs: number;

  constructor(state: SeedState, services: SeedServices) {
    this.#state = state;
    this.#services = services;
    this.#sinceMs = state.clock.nowMs();
    this.#byName = new Map(state.site.site.nodes.map((node) => [node.name, node]));
    this.nodeNames = [...this.#byName.keys()];
  }

  desired(name: string, to: Stage): DesiredNode {
    const { site } = this.#state.site;
    const node = this.#node(name);
    return {
      to,
      protected: isProtected(site, node),
      autoApprove: approvesMatch(site, node),
      hasPlaybooks: nodeProfile(site, node).playbooks.length > 0,
      discoveryTimeoutMs: site.discovery.timeoutMinutes * 60_000,
    };
  }

  /** Asks the undercloud once for all nodes; the BMCs are asked by the steps that need them. */
  async observe(_operation: Operation, signal: AbortSignal): Promise<Observation> {
    const ironic = this.#services.ironic();
    const known = ironic === null ? [] : await ironicNodes(ironic, signal);
    const byName = new Map(known.map((node) => [node.name ?? node.uuid, node]));
    const nodes = this.nodeNames.map((name) => [name, this.#observed(name, byName.get(name))] as const);
    return { room: this.#room(ironic !== null, known), nodes: new Map(nodes) };
  }

  #room(undercloudReady: boolean, nodes: readonly IronicNode[]): SiteRoom {
    const { limits } = this.#state.site.site.undercloud;
    const count = (states: ReadonlySet<string>) =>
      nodes.filter((node) => states.has(node.provision_state)).length;
    return {
      seedSinceMs: this.#sinceMs,
      bootFilesReady: this.#services.isReady('ramdisk'),
      imagesReady: this.#services.isReady('images'),
      undercloudReady,
      deploysRunning: count(DEPLOYING_STATES),
      deployLimit: limits.deploys,
      cleansRunning: count(CLEANING_STATES),
      cleanLimit: limits.cleans,
    };
  }

  #observed(name: string, ironic: IronicNode | undefined): ObservedNode {
    const { book, history, trace, directory } = this.#state;
    const record = book.record(name);
    const discovery = book.discoveryOf(name);
    const poweredAtMs = history.poweredForDiscoveryAtMs(name);
    return {
      name,
      approval: record.approval,
      hasBmc: this.#node(name).bmc !== null,
      power: record.bmc === null ? null : record.bmc.power === 'off' ? 'off' : 'on',
      poweredForDiscovery: poweredAtMs !== null,
      discoveredAtMs: discovery?.lastSeenAtMs ?? null,
      matchConflict: this.#conflict(name),
      boot: trace.since(directory.macsOf(name), poweredAtMs ?? 0),
      undercloud: ironic === undefined ? null : undercloudNode(ironic),
      steps: {},
    };
  }

  /** A machine that contradicts the site file blocks every node it was mistaken for, until a person has looked. */
  #conflict(name: string): string | null {
    const { book, directory } = this.#state;
    const macs = new Set(directory.macsOf(name));
    const odd = book
      .discoveries()
      .find(
        (discovery) => discovery.conflict !== null && discovery.identity.macs.some((mac) => macs.has(mac)),
      );
    return odd?.conflict ?? null;
  }

  async approveByRule(name: string): Promise<void> {
    const { book, clock, log } = this.#state;
    await book.update(name, { approval: 'approved', approvedBy: 'rule', approvedAtMs: clock.nowMs() });
    log.info({ node: name }, 'node approved by rule');
  }

  runStep(step: NodeStep, name: string, operation: Operation, signal: AbortSignal): Promise<JournalDetail> {
    return NODE_STEP_RUNS[step](this.#context(name, operation, signal));
  }

  #context(name: string, operation: Operation, signal: AbortSignal): StepContext {
    const { site, book, directory, history, hostKeys, journal, clock, log, addresses } = this.#state;
    const services = this.#services;
    const node = this.#node(name);
    return {
      site,
      node,
      profile: nodeProfile(site.site, node),
      book,
      directory,
      history,
      hostKeys,
      operation,
      clock,
      log,
      signal,
      note: (fact) => journal.write(operation.id, name, fact, 'done'),
      ironic: () => services.ironic() ?? missingUndercloud(),
      bmc: (): Promise<Bmc> => services.bmc(node),
      addressOf: (of) => addresses.of(directory.macsOf(of)) ?? this.#node(of).address,
      bootMacOf: (of) => addresses.bootMac(directory.macsOf(of)),
      image: (image) => services.image(image),
      configDriveUrl: () => services.secrets.configDriveUrl(node),
      runsDir: services.paths.runsDir,
      ansible: () => services.ansible(signal),
    };
  }

  #node(name: string): SiteNode {
    const node = this.#byName.get(name);
    if (node === undefined) throw new Error(`no node ${name} in the site`);
    return node;
  }
}

/** What a look at all nodes needs: for a thousand of them, whole records are a hundred times as much. */
const OBSERVED_FIELDS = [
  'uuid',
  'name',
  'provision_state',
  'driver',
  'power_state',
  'last_error',
  'maintenance',
  'inspection_finished_at',
  'reservation',
  'protected',
  'protected_reason',
] as const;

const missingUndercloud = (): never => {
  throw new BlackstartError('E_NO_UNDERCLOUD', 'the undercloud does not run', {
    remedy: '"blackstart undercloud status" says why.',
  });
};

const ironicNodes = (ironic: Ironic, signal: AbortSignal): Promise<IronicNode[]> =>
  ironic.nodes({ fields: OBSERVED_FIELDS }, signal);

export const undercloudNode = (node: IronicNode): UndercloudNode => ({
  provisionState: node.provision_state,
  lastError: node.last_error,
  maintenance: node.maintenance,
  power: node.power_state === 'power on' ? 'on' : node.power_state === 'power off' ? 'off' : null,
  inspected: node.inspection_finished_at !== null,
  waitsForSeed: waitsForSeed(node),
  protection: protectionOf(node),
});

import type { NodePlan, UndercloudNode } from '../core/plan-node.ts';
import type { SiteNode } from '../site/site.ts';
import { nodeProfile } from '../site/views.ts';
import type { NodeDetail, NodeTimes, NodeView, StrangerView } from './commands.ts';
import { POWERING } from './history.ts';
import type { SeedState } from './seed-state.ts';

/** What is known of a node at this moment beside what is stored: the reconciler's last look. */
export interface Glance {
  readonly plan: NodePlan | null;
  readonly undercloud: UndercloudNode | null;
  readonly power: 'on' | 'off' | null;
}

export function nodeView(state: SeedState, node: SiteNode, glance: Glance): NodeView {
  const { site, book, directory, addresses } = state;
  const record = book.record(node.name);
  const discovery = book.discoveryOf(node.name);
  const times = nodeTimes(state, node.name);
  const macs = directory.macsOf(node.name);
  const { plan } = glance;
  return {
    name: node.name,
    rack: node.rack,
    role: node.role,
    firmware: nodeProfile(site.site, node).bootMode,
    approval: record.approval,
    state: stateOf(times, glance.undercloud),
    doing: plan?.reason ?? '',
    blocked: plan?.kind === 'blocked' ? { reason: plan.reason, remedy: plan.remedy } : null,
    power: glance.power,
    provisionState: glance.undercloud?.provisionState ?? null,
    address: addresses.of(macs) ?? node.address,
    macs,
    serial: node.serial ?? discovery?.identity.serial ?? record.bmc?.serial ?? null,
    systemUuid: discovery?.identity.systemUuid ?? record.bmc?.systemUuid ?? node.uuid,
    times,
    verified: times.loginAtMs === null ? null : record.login,
  };
}

/** Where a node is on its way: Ironic's word once Ironic has it, ours before and after. */
function stateOf(times: NodeTimes, undercloud: UndercloudNode | null): string {
  if (undercloud?.provisionState === 'active') {
    if (times.configuredAtMs !== null) return 'configured';
    return times.loginAtMs === null ? 'active' : 'verified';
  }
  if (undercloud !== null) return undercloud.provisionState;
  if (times.discoveredAtMs !== null) return 'discovered';
  if (times.kernelAtMs !== null) return 'netbooting';
  return times.powerOnAtMs === null ? 'cold' : 'powered';
}

/** When the node passed each point since it was last switched on for discovery. */
export function nodeTimes({ history, trace, directory, book }: SeedState, name: string): NodeTimes {
  const powerOnAtMs = latest(
    history.lastDoneAtMs(name, 'power-on'),
    history.lastDoneAtMs(name, POWERING), // a crash may have come before the end was journaled
  );
  const sinceMs = powerOnAtMs ?? 0;
  const later = (atMs: number | null): number | null => (atMs !== null && atMs >= sinceMs ? atMs : null);
  const seen = trace.since(directory.macsOf(name), sinceMs);
  const states = history.provisionStates(name);
  const lastDeployAtMs =
    history.of(name).findLast((entry) => entry.step === 'deploy' && entry.phase === 'begin')?.atMs ?? 0;
  const sinceDeploy = (atMs: number | null) => (atMs !== null && atMs >= lastDeployAtMs ? later(atMs) : null);
  return {
    powerOnAtMs,
    kernelAtMs: seen.find((event) => event.stage === 'kernel')?.atMs ?? null,
    discoveredAtMs: later(book.discoveryOf(name)?.lastSeenAtMs ?? null),
    enrolledAtMs: later(history.lastDoneAtMs(name, 'enroll')),
    activeAtMs: sinceDeploy(states.findLast((entry) => entry.state === 'active')?.atMs ?? null),
    loginAtMs: sinceDeploy(history.lastDoneAtMs(name, 'login')),
    configuredAtMs: sinceDeploy(history.lastDoneAtMs(name, 'configure')),
  };
}

const latest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

export function nodeDetail(
  state: SeedState,
  node: SiteNode,
  glance: Glance,
  matchedBy: readonly string[],
): NodeDetail {
  const { history, book } = state;
  return {
    ...nodeView(state, node, glance),
    matchedBy,
    conflict: book.discoveryOf(node.name)?.conflict ?? null,
    states: history.provisionStates(node.name),
    journal: history.of(node.name).map(({ step, phase, atMs, detail }) => ({ step, phase, atMs, detail })),
  };
}

/** Machines that called back and are no node: nothing is done to them. */
export function strangers({ book, site }: SeedState): StrangerView[] {
  const taken = new Set(site.site.nodes.map((node) => book.record(node.name).discoveryId));
  return book
    .discoveries()
    .filter((discovery) => !taken.has(discovery.id))
    .map(({ id, identity, address, lastSeenAtMs, conflict }) => ({
      id,
      serial: identity.serial,
      macs: identity.macs,
      bmcAddress: identity.bmcAddress,
      address,
      lastSeenAtMs,
      conflict,
    }));
}

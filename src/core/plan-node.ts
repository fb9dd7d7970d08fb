import { type BootSight, brokeOff, explainSilence } from './diagnosis.ts';
import { BUSY_STATES } from './provision-states.ts';
import { reaches, type Stage } from './stages.ts';

/** One idempotent thing to do for a node; each has a file of its own in operations/steps. */
export type NodeStep =
  | 'read-bmc'
  | 'power-on'
  | 'enroll'
  | 'manage'
  | 'inspect'
  | 'provide'
  | 'deploy'
  | 'netboot-again'
  | 'protect'
  | 'login'
  | 'configure';

/** How a step has gone in the running operation. */
export interface StepRecord {
  readonly failures: number;
  readonly lastError: string | null;
  readonly lastRemedy: string | null;
  readonly lastFailedAtMs: number | null;
  readonly doneAtMs: number | null;
}

/** What Ironic says of a node right now: asked for this plan, never a stored copy. */
export interface UndercloudNode {
  readonly provisionState: string;
  readonly lastError: string | null;
  readonly maintenance: boolean;
  readonly power: 'on' | 'off' | null;
  /** In-band inspection has ended well since the node was enrolled. */
  readonly inspected: boolean;
  /** It waits for an inventory that only the seed will send: a crash broke an inspection off. */
  readonly waitsForSeed: boolean;
  /** Who protects it in Ironic: the site file by us, somebody else, or nobody. */
  readonly protection: 'none' | 'site' | 'other';
}

export interface ObservedNode {
  readonly name: string;
  readonly approval: 'pending' | 'approved' | 'rejected';
  readonly hasBmc: boolean;
  /** What the BMC said last; null when it was not asked yet. */
  readonly power: 'on' | 'off' | null;
  /** This installer switched the machine on itself, for discovery, and nothing was deployed since. */
  readonly poweredForDiscovery: boolean;
  readonly discoveredAtMs: number | null;
  readonly matchConflict: string | null;
  /** What the boot servers saw of the machine since it was last switched on, newest last. */
  readonly boot: readonly BootSight[];
  readonly undercloud: UndercloudNode | null;
  readonly steps: Readonly<Partial<Record<NodeStep, StepRecord>>>;
}

export interface DesiredNode {
  readonly to: Stage;
  readonly protected: boolean;
  readonly autoApprove: boolean;
  readonly hasPlaybooks: boolean;
  readonly discoveryTimeoutMs: number;
}

/** What the whole site allows at this moment. */
export interface SiteRoom {
  /** When the seed came to life: before that, nobody answered for a while. */
  readonly seedSinceMs: number;
  /** The agent's kernel and ramdisk are there to be served. */
  readonly bootFilesReady: boolean;
  /** The images that roles name are there to be served, and what they should be. */
  readonly imagesReady: boolean;
  readonly undercloudReady: boolean;
  readonly deploysRunning: number;
  readonly deployLimit: number;
  readonly cleansRunning: number;
  readonly cleanLimit: number;
}

export type NodePlan =
  | { readonly kind: 'do'; readonly step: NodeStep; readonly reason: string }
  | { readonly kind: 'approve'; readonly reason: string }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly reason: string; readonly remedy: string }
  | { readonly kind: 'done'; readonly reason: string };

const act = (step: NodeStep, reason: string): NodePlan => ({ kind: 'do', step, reason });
const wait = (reason: string): NodePlan => ({ kind: 'wait', reason });
const blocked = (reason: string, remedy: string): NodePlan => ({ kind: 'blocked', reason, remedy });

/** A step is tried this often in one operation before a person is asked. */
const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 2_000;

/** The step, unless it failed too often (blocked, with its own error and remedy) or too recently (wait). */
function attempt(step: NodeStep, reason: string, node: ObservedNode, nowMs: number): NodePlan {
  const record = node.steps[step];
  if (record === undefined || record.failures === 0) return act(step, reason);
  const error = record.lastError ?? 'no reason recorded';
  if (record.failures >= MAX_TRIES) {
    return blocked(
      `${step} failed ${record.failures} times: ${error}`,
      record.lastRemedy ?? 'Mend what it names, then run "blackstart up" again.',
    );
  }
  const pauseMs = FIRST_PAUSE_MS * 2 ** (record.failures - 1);
  if (nowMs < (record.lastFailedAtMs ?? 0) + pauseMs)
    return wait(`${step} failed (${error}); trying again shortly`);
  return act(step, `${reason}, again after: ${error}`);
}

/**
 * The next action for a node. Pure, and asked again and again: whatever crashed in between, the answer follows
 * from what is seen now. Each part answers null once it has nothing left to do.
 */
export function planNode(desired: DesiredNode, node: ObservedNode, room: SiteRoom, nowMs: number): NodePlan {
  return (
    planDiscovery(desired, node, room, nowMs) ??
    planApproval(desired, node) ??
    planEnrolment(desired, node, room, nowMs) ??
    planDeploy(desired, node, room, nowMs) ??
    planFleet(desired, node, nowMs) ?? { kind: 'done', reason: `reached ${desired.to}` }
  );
}

function planDiscovery(
  desired: DesiredNode,
  node: ObservedNode,
  room: SiteRoom,
  nowMs: number,
): NodePlan | null {
  if (node.matchConflict !== null) {
    return blocked(
      node.matchConflict,
      `Correct the node's identity in site.yaml, or "blackstart nodes reject ${node.name}".`,
    );
  }
  if (node.undercloud !== null || node.discoveredAtMs !== null) return null;
  if (!node.hasBmc)
    return wait(
      'it has no BMC in the site file: switch it on by hand, it will netboot the discovery ramdisk',
    );
  if (!node.steps['read-bmc']?.doneAtMs)
    return attempt('read-bmc', 'learn from its BMC what the machine is', node, nowMs);
  const poweredAtMs = node.steps['power-on']?.doneAtMs ?? null;
  if (!room.bootFilesReady) return wait('the discovery ramdisk is not built yet');
  if (poweredAtMs === null) return planPowerOn(node, nowMs);
  const silence = explainSilence(node.boot, nowMs);
  const isLate = nowMs >= poweredAtMs + desired.discoveryTimeoutMs;
  if (poweredAtMs < room.seedSinceMs && (isLate || brokeOff(node.boot, room.seedSinceMs, nowMs)))
    return attempt('power-on', 'netboot it again: the seed was away meanwhile', node, nowMs);
  if (!isLate) return wait(silence.waiting);
  const minutes = Math.round(desired.discoveryTimeoutMs / 6_000) / 10;
  return blocked(
    `not discovered within ${minutes} min of power-on: ${silence.seen}`,
    silence.remedy.replaceAll('NODE', node.name),
  );
}

function planPowerOn(node: ObservedNode, nowMs: number): NodePlan {
  if (node.power === 'off' || node.poweredForDiscovery)
    return attempt('power-on', 'netboot the discovery ramdisk', node, nowMs);
  if (node.power === null) return wait('its BMC has not told the power state yet');
  return blocked(
    'it is already switched on, and was not switched on by this installer: it may be running something',
    `If it may be interrupted: "blackstart nodes power ${node.name} off", then "blackstart up" again.`,
  );
}

function planApproval(desired: DesiredNode, node: ObservedNode): NodePlan | null {
  if (!reaches(desired.to, 'enroll') || node.approval === 'approved') return null;
  if (node.approval === 'rejected')
    return blocked('it was rejected', `"blackstart nodes approve ${node.name}" takes that back.`);
  if (desired.autoApprove) return { kind: 'approve', reason: 'the site approves machines that match a node' };
  return wait(`discovered; waiting for "blackstart nodes approve ${node.name}"`);
}

function planEnrolment(
  desired: DesiredNode,
  node: ObservedNode,
  room: SiteRoom,
  nowMs: number,
): NodePlan | null {
  if (!reaches(desired.to, 'enroll')) return null;
  if (!room.undercloudReady) return wait('the undercloud is not ready yet');
  const ironic = node.undercloud;
  if (ironic === null) return attempt('enroll', 'register it with the undercloud', node, nowMs);
  if (ironic.maintenance)
    return blocked(
      'it is in maintenance in the undercloud',
      'Take it out of maintenance there, then run "blackstart up" again.',
    );
  if (ironic.waitsForSeed) return attempt('inspect', 'take the inspection up again', node, nowMs);
  if (WAITS_FOR_NETBOOT.has(ironic.provisionState) && isStranded(node, room, nowMs))
    return attempt('netboot-again', 'its netboot broke off while the seed was away', node, nowMs);
  if (BUSY_STATES.has(ironic.provisionState)) return wait(`undercloud: ${ironic.provisionState}`);
  if (ironic.provisionState === 'enroll')
    return attempt('manage', 'let the undercloud verify its BMC', node, nowMs);
  if (!reaches(desired.to, 'inspect')) return null;
  if (ironic.provisionState === 'inspect failed')
    return attempt('inspect', 'inspect it in band', node, nowMs);
  if (ironic.provisionState === 'manageable' && !ironic.inspected)
    return attempt('inspect', 'inspect it in band', node, nowMs);
  return null;
}

/** Ironic has switched the machine on, or uses the agent that runs, and waits for it. */
const WAITS_FOR_NETBOOT: ReadonlySet<string> = new Set(['inspect wait', 'clean wait', 'wait call-back']);

/** Once for each life of the seed: a machine may take minutes to its first packet. */
const isStranded = (node: ObservedNode, room: SiteRoom, nowMs: number): boolean =>
  node.hasBmc &&
  brokeOff(node.boot, room.seedSinceMs, nowMs) &&
  (node.steps['netboot-again']?.doneAtMs ?? 0) < room.seedSinceMs;

function planDeploy(
  desired: DesiredNode,
  node: ObservedNode,
  room: SiteRoom,
  nowMs: number,
): NodePlan | null {
  const state = node.undercloud?.provisionState;
  if (!reaches(desired.to, 'deploy') || state === undefined) return null;
  switch (state) {
    case 'manageable':
      if (room.cleansRunning >= room.cleanLimit) return wait(`queued behind ${room.cleansRunning} cleanings`);
      return attempt('provide', 'make it available', node, nowMs);
    case 'clean failed':
      return attempt(
        'manage',
        `cleaning failed: ${node.undercloud?.lastError ?? 'no reason given'}`,
        node,
        nowMs,
      );
    case 'available':
    case 'deploy failed':
      if (desired.protected)
        return blocked(
          'it is protected: nothing may write to its disks',
          'Take its protection off in site.yaml ("protected", "policies.protect") if that is wrong.',
        );
      if (!room.imagesReady) return wait('its image is not built yet');
      if (room.deploysRunning >= room.deployLimit)
        return wait(`queued behind ${room.deploysRunning} deployments`);
      return attempt('deploy', 'write the image', node, nowMs);
    case 'active':
      return (
        planProtection(desired, node, nowMs) ??
        (node.steps.login?.doneAtMs
          ? null
          : attempt('login', 'log in and check that it is the right machine', node, nowMs))
      );
    default:
      return blocked(
        `the undercloud has it in "${state}": ${node.undercloud?.lastError ?? 'no reason given'}`,
        `See "blackstart nodes show ${node.name}".`,
      );
  }
}

/** A protection that somebody else set stays, whatever the site says. */
function planProtection(desired: DesiredNode, node: ObservedNode, nowMs: number): NodePlan | null {
  const protection = node.undercloud?.protection;
  if (desired.protected && protection === 'none')
    return attempt('protect', 'protect it in the undercloud too', node, nowMs);
  if (!desired.protected && protection === 'site')
    return attempt('protect', 'take its protection off in the undercloud', node, nowMs);
  return null;
}

function planFleet(desired: DesiredNode, node: ObservedNode, nowMs: number): NodePlan | null {
  if (!reaches(desired.to, 'fleet') || !desired.hasPlaybooks || node.steps.configure?.doneAtMs) return null;
  return attempt('configure', 'run its playbooks', node, nowMs);
}

/**
 * What Ironic failed at after it had accepted our request: it counts as a failed try of that step, so that the
 * reconciler journals it and does not ask for ever. Null when nothing failed.
 */
export function undercloudFailure(
  ironic: UndercloudNode,
): { readonly step: NodeStep; readonly error: string } | null {
  const step = FAILED_STEP[ironic.provisionState];
  if (step === undefined || (ironic.provisionState === 'enroll' && !ironic.lastError)) return null;
  return { step, error: ironic.lastError ?? `the undercloud says "${ironic.provisionState}" and no more` };
}

const FAILED_STEP: Readonly<Record<string, NodeStep>> = {
  enroll: 'manage',
  'inspect failed': 'inspect',
  'clean failed': 'provide',
  'deploy failed': 'deploy',
};

import type { Clock } from '../clock.ts';
import type { Ironic } from './client.ts';
import { untilProvisionState } from './node-waits.ts';
import type { IronicNode, PatchOperation } from './types.ts';

/** What an agent told the seed when it started, and where it booted from. */
export interface RunningAgent {
  /** The body of the agent's inspection callback, unchanged. */
  readonly report: unknown;
  /** MAC address of the interface it netbooted by, lowercase with colons. */
  readonly bootMac: string;
}

/** The driver that a node has for the moment of its inspection: it has no way to touch the machine's power. */
const HANDS_OFF = { driver: 'manual-management', power: 'fake', management: 'noop' } as const;

/** The part of Ironic's client that is used here. */
export interface InspectDeps {
  readonly ironic: Pick<
    Ironic,
    'node' | 'patchNode' | 'setProvisionState' | 'portByAddress' | 'createPort' | 'continueInspection'
  >;
  readonly clock: Clock;
}

const LIMIT_MS = 120_000;

/**
 * Inspects a node in band with the inventory that its agent has sent already, without a boot: it ends `manageable`,
 * with its inventory stored, its port made and Ironic's inspection hooks run.
 *
 * Ironic 39 has no way to inspect an agent that runs: `inspect` always switches the machine off and on, and first
 * throws away the agent's token, after which that agent's heartbeats are refused for good. So for a moment the node
 * gets a driver without power control. The inspection then only waits for an inventory, and gets the one we hold. The
 * port is made while it waits: before, the agent would find its node too early and lose its token; from then on its
 * own lookup succeeds (`inspect wait` is a lookup state), its heartbeats count, and cleaning and deploying use it
 * as it runs (fast track). Changing the driver keeps `driver_internal_info`, where token and heartbeat are.
 *
 * May be asked again after a crash at any point. From `manageable` it inspects anew.
 */
export async function inspectRunningAgent(
  node: string,
  agent: RunningAgent,
  driver: string,
  deps: InspectDeps,
  signal?: AbortSignal,
): Promise<IronicNode> {
  const { ironic } = deps;
  await startWaiting(node, deps, signal);
  const waiting = await untilProvisionState(node, ['inspect wait', 'manageable'], LIMIT_MS, deps, signal);
  if (waiting.provision_state === 'inspect wait') {
    await ensurePort(waiting, agent.bootMac, deps, signal);
    await ironic.continueInspection(agent.report, signal);
    await untilProvisionState(node, ['manageable'], LIMIT_MS, deps, signal);
  }
  return restoreDriver(node, driver, deps, signal);
}

/**
 * The node waits for an inventory that nobody but the seed will send: an inspection by `inspectRunningAgent` that a
 * crash broke off. To be asked for again, not waited for.
 */
export const waitsForSeed = (node: Pick<IronicNode, 'provision_state' | 'driver'>): boolean =>
  node.provision_state === 'inspect wait' && node.driver === HANDS_OFF.driver;

/** Brings the node to where it waits for an inventory, unless it is on that way already. */
async function startWaiting(node: string, deps: InspectDeps, signal?: AbortSignal): Promise<void> {
  const { ironic } = deps;
  const seen = await untilProvisionState(
    node,
    ['manageable', 'inspect failed', 'inspecting', 'inspect wait'],
    LIMIT_MS,
    deps,
    signal,
  );
  if (seen.provision_state === 'inspecting' || seen.provision_state === 'inspect wait') return;
  if (seen.provision_state === 'inspect failed') {
    await ironic.setProvisionState(node, 'manage', {}, signal);
    await untilProvisionState(node, ['manageable'], LIMIT_MS, deps, signal);
  }
  const patch: PatchOperation[] = [
    { op: 'replace', path: '/driver', value: HANDS_OFF.driver },
    { op: 'add', path: '/power_interface', value: HANDS_OFF.power },
    { op: 'add', path: '/management_interface', value: HANDS_OFF.management },
  ];
  await ironic.patchNode(node, patch, { signal });
  await ironic.setProvisionState(node, 'inspect', {}, signal);
}

/** The port that agents find their node by. Another node's port with that MAC is left to Ironic to complain of. */
async function ensurePort(
  node: IronicNode,
  mac: string,
  { ironic }: InspectDeps,
  signal?: AbortSignal,
): Promise<void> {
  const port = await ironic.portByAddress(mac, signal);
  if (port?.node_uuid === node.uuid) return;
  await ironic.createPort({ node_uuid: node.uuid, address: mac, pxe_enabled: true }, signal);
}

/**
 * Gives a node its own driver back, if a crash left it with the one of its inspection. Ask before everything that
 * may switch the machine off or on: with the other driver Ironic would only believe that it did.
 */
export async function restoreDriver(
  node: string,
  driver: string,
  deps: InspectDeps,
  signal?: AbortSignal,
): Promise<IronicNode> {
  const { ironic } = deps;
  const seen = await untilProvisionState(
    node,
    ['manageable', 'available', 'enroll', 'active', 'inspect failed', 'deploy failed', 'clean failed'],
    LIMIT_MS,
    deps,
    signal,
  );
  if (seen.driver !== HANDS_OFF.driver || driver === HANDS_OFF.driver) return seen;
  const patch: PatchOperation[] = [
    { op: 'replace', path: '/driver', value: driver },
    { op: 'remove', path: '/power_interface' }, // which makes it the driver's own
    { op: 'remove', path: '/management_interface' },
  ];
  return ironic.patchNode(node, patch, { signal });
}

import type { Clock } from '../clock.ts';
import { FAILED_STATES, type ProvisionState } from '../core/provision-states.ts';
import { BlackstartError } from '../errors.ts';
import type { Ironic } from './client.ts';
import type { IronicNode } from './types.ts';

export interface WaitDeps {
  readonly ironic: Pick<Ironic, 'node'>;
  readonly clock: Clock;
}

const POLL_MS = 500;

/**
 * Waits until a node is in one of the wanted states. Throws E_NODE_FAILED with Ironic's own reason when it ends in a
 * failed state instead (or back in `enroll`, which is how a verification fails), E_TIMEOUT when time is up.
 */
export async function untilProvisionState(
  node: string,
  wanted: readonly ProvisionState[],
  limitMs: number,
  deps: WaitDeps,
  signal?: AbortSignal,
): Promise<IronicNode> {
  const is = (state: string) => (wanted as readonly string[]).includes(state);
  return until(node, `becoming ${wanted.join(' or ')}`, limitMs, deps, signal, (seen) => {
    if (is(seen.provision_state)) return true;
    if (hasFailed(seen)) throw nodeFailed(seen);
    return false;
  });
}

/**
 * Waits for the agent on a node to have looked itself up and reported: without that, Ironic boots the machine anew
 * before it cleans or deploys.
 */
export async function untilAgentReports(
  node: string,
  limitMs: number,
  deps: WaitDeps,
  signal?: AbortSignal,
): Promise<IronicNode> {
  return until(node, 'hearing from its agent', limitMs, deps, signal, agentReports);
}

/** The agent has a token, an address and a heartbeat: Ironic can use it without a boot. */
export const agentReports = (node: IronicNode): boolean => {
  const known = node.driver_internal_info;
  return typeof known['agent_url'] === 'string' && typeof known['agent_last_heartbeat'] === 'string';
};

async function until(
  node: string,
  what: string,
  limitMs: number,
  { ironic, clock }: WaitDeps,
  signal: AbortSignal | undefined,
  reached: (seen: IronicNode) => boolean,
): Promise<IronicNode> {
  const deadlineMs = clock.nowMs() + limitMs;
  for (;;) {
    const seen = await ironic.node(node, signal);
    if (seen === null) throw nodeGone(node);
    if (reached(seen)) return seen;
    if (clock.nowMs() >= deadlineMs) throw waitedTooLong(seen, what, limitMs);
    await clock.sleep(POLL_MS, signal);
  }
}

const hasFailed = (node: IronicNode): boolean =>
  FAILED_STATES.has(node.provision_state) || (node.provision_state === 'enroll' && node.last_error !== null);

const nodeFailed = (node: IronicNode): BlackstartError =>
  new BlackstartError(
    'E_NODE_FAILED',
    `${node.name ?? node.uuid} is in "${node.provision_state}": ${node.last_error ?? 'the undercloud gives no reason'}`,
    {
      remedy: `Mend what it names, then run "blackstart up" again; "blackstart nodes show ${node.name}" shows more.`,
    },
  );

const nodeGone = (node: string): BlackstartError =>
  new BlackstartError('E_IRONIC_NOT_FOUND', `the undercloud has no node ${node} any more`, {
    remedy: 'Run "blackstart up" again: it enrolls the node anew.',
  });

const waitedTooLong = (node: IronicNode, what: string, limitMs: number): BlackstartError =>
  new BlackstartError(
    'E_TIMEOUT',
    `waited ${Math.round(limitMs / 1000)} s for ${node.name ?? node.uuid} ${what}; it is in "${node.provision_state}"`,
    {
      remedy: `"blackstart nodes console ${node.name}" shows its screen, "blackstart undercloud status" the log.`,
    },
  );

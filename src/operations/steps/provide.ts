import { reasonOf } from '../../errors.ts';
import { setFastTrack } from '../../ironic/fast-track.ts';
import { restoreDriver } from '../../ironic/inspect-running-agent.ts';
import { untilAgentReports } from '../../ironic/node-waits.ts';
import type { Step } from './context.ts';
import { agentRuns } from './inspect.ts';

/** An agent looks itself up again within half a minute, and reports at once when it is found. */
const AGENT_LIMIT_MS = 90_000;

/**
 * Makes the node available for deployment; the undercloud cleans it first where the site wants that. A running agent
 * is waited for, since with its report cleaning and deployment need no boot; without it they boot one.
 */
export const provide: Step = async (context) => {
  const { node, site, clock, signal, log } = context;
  const deps = { ironic: context.ironic(), clock };
  await restoreDriver(node.name, 'redfish', deps, signal);
  let fastTrack = site.site.undercloud.fastTrack && (await agentRuns(context));
  if (fastTrack) {
    await untilAgentReports(node.name, AGENT_LIMIT_MS, deps, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      log.warn(
        { node: node.name, reason: reasonOf(error) },
        'agent does not report; the next steps boot it anew',
      );
      fastTrack = false;
    });
  }
  await setFastTrack(node.name, fastTrack, deps, signal);
  await deps.ironic.setProvisionState(node.name, 'provide', {}, signal);
  return { fastTrack };
};

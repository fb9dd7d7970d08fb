import type { Step } from './context.ts';

/** In these Ironic has written a boot file and waits for the agent that it boots. */
const WAITING: ReadonlySet<string> = new Set(['inspect wait', 'clean wait', 'wait call-back']);

/**
 * Switches a machine off and on that Ironic waits for, and whose netboot broke off while the seed was away: it stands
 * at "no bootable device", and Ironic would wait half an hour for it. What it boots is still Ironic's to say. Once an
 * agent has been given its token it runs and is left alone; the next one would get none.
 */
export const netbootAgain: Step = async ({ node, profile, signal, ...context }) => {
  const found = await context.ironic().node(node.name, signal);
  if (found === null || !WAITING.has(found.provision_state))
    return { already: found?.provision_state ?? 'not enrolled' };
  if (found.driver_internal_info['agent_secret_token'] !== undefined) return { already: 'its agent runs' };
  const bmc = await context.bmc();
  if ((await bmc.powerState({ signal })) !== 'off') await bmc.powerOff({ signal });
  await bmc.setNextBoot('pxe', { signal, ...(profile.bootMode ? { firmware: profile.bootMode } : {}) });
  await bmc.powerOn({ signal });
  return { for: found.provision_state };
};

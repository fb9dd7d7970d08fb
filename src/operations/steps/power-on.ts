import { BlackstartError, EXIT } from '../../errors.ts';
import { POWERING } from '../history.ts';
import type { Step } from './context.ts';

/**
 * Netboots the machine into the discovery ramdisk: intent first (without it the boot servers would send it to its
 * disk), then the one-time boot device, then power. A machine that runs is reset only if this installer switched it
 * on for discovery itself; the BMC is asked now, not remembered.
 */
export const powerOn: Step = async ({ site, node, profile, book, history, clock, signal, ...context }) => {
  const bmc = await context.bmc();
  const power = await bmc.powerState({ signal });
  if (power !== 'off' && history.poweredForDiscoveryAtMs(node.name) === null) throw alreadyOn(node.name);
  const nowMs = clock.nowMs();
  const endsAtMs = nowMs + site.site.discovery.timeoutMinutes * 60_000;
  await book.setIntent({
    node: node.name,
    kind: 'discover',
    reason: 'bring-up',
    createdAtMs: nowMs,
    endsAtMs,
  });
  await context.note(POWERING);
  if (power !== 'off') await bmc.powerOff({ signal });
  await bmc.setNextBoot('pxe', { signal, ...(profile.bootMode ? { firmware: profile.bootMode } : {}) });
  await bmc.powerOn({ signal });
  return { wasOn: power !== 'off' };
};

const alreadyOn = (name: string) =>
  new BlackstartError('E_RUNNING', `${name} is switched on, and was not switched on by this installer`, {
    remedy: `If it may be interrupted: "blackstart nodes power ${name} off", then "blackstart up" again.`,
    exitCode: EXIT.refused,
  });

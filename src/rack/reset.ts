import type { PowerState, ResetType } from './machine.ts';

/**
 * What a Reset does to the machine: `ask-…` presses the ACPI power button and leaves the rest to the operating
 * system; `nothing` is a success without effect; `refuse` is HTTP 409.
 */
export type ResetEffect =
  | 'start'
  | 'stop'
  | 'restart'
  | 'ask-stop'
  | 'ask-restart'
  | 'interrupt'
  | 'nothing'
  | 'refuse';

const RESETS: Readonly<Record<ResetType, Readonly<Record<PowerState, ResetEffect>>>> = {
  On: { Off: 'start', On: 'nothing' },
  ForceOn: { Off: 'start', On: 'nothing' },
  ForceOff: { Off: 'nothing', On: 'stop' },
  GracefulShutdown: { Off: 'refuse', On: 'ask-stop' },
  ForceRestart: { Off: 'refuse', On: 'restart' },
  GracefulRestart: { Off: 'refuse', On: 'ask-restart' },
  PowerCycle: { Off: 'refuse', On: 'restart' },
  Nmi: { Off: 'refuse', On: 'interrupt' },
};

/** What Redfish's Reset of this type does to a machine in this power state (DSP2046, Resource.ResetType). */
export const decideReset = (type: ResetType, power: PowerState): ResetEffect => RESETS[type][power];

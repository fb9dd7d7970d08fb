import type { PowerManner, PowerState } from './bmc.ts';
import { actionAt } from './redfish-client.ts';
import { type JsonObject, objectsAt, textAt, textsAt } from './redfish-json.ts';
import type { RedfishWalk } from './redfish-walk.ts';

/** What shall happen to the machine's power. */
export type PowerWish = 'on' | 'off' | 'off gracefully' | 'reset' | 'reset gracefully';

/** Redfish's ResetType values, DSP2046 §6.6.81 (Resource.ResetType). Needed to part values that were glued together. */
const RESET_TYPES = [
  'On',
  'ForceOn',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'PowerCycle',
  'PushPowerButton',
  'Nmi',
  'Pause',
  'Resume',
  'Suspend',
] as const;

/** Reset types that serve a wish, best first. Falling back changes how roughly it is done, never the outcome. */
const SERVING: Readonly<Record<PowerWish, readonly string[]>> = {
  on: ['On', 'ForceOn', 'PushPowerButton'], // asked only of a machine that is off
  off: ['ForceOff', 'GracefulShutdown'],
  'off gracefully': ['GracefulShutdown', 'PushPowerButton', 'ForceOff'],
  reset: ['ForceRestart', 'PowerCycle', 'GracefulRestart'],
  'reset gracefully': ['GracefulRestart', 'ForceRestart', 'PowerCycle'],
};

export const offWish = (manner: PowerManner = 'now'): PowerWish =>
  manner === 'now' ? 'off' : 'off gracefully';
export const resetWish = (manner: PowerManner = 'now'): PowerWish =>
  manner === 'now' ? 'reset' : 'reset gracefully';

/** The reset type to ask for; null when nothing that is offered serves. When nothing is listed, the best is tried. */
export function chooseResetType(wish: PowerWish, offered: readonly string[] | null): string | null {
  const serving = SERVING[wish];
  return serving.find((type) => offered === null || offered.includes(type)) ?? null;
}

/**
 * Which reset types a system offers, or null when it does not say: beside the action, or only behind
 * `@Redfish.ActionInfo` (AMI, OpenBMC, Cray).
 */
export async function readResetTypes(
  system: JsonObject,
  walk: RedfishWalk,
): Promise<readonly string[] | null> {
  const reset = actionAt(system, '#ComputerSystem.Reset');
  if (!reset) return null;
  const beside = textsAt(reset.action, 'ResetType@Redfish.AllowableValues');
  if (beside && beside.length > 0) return splitGlued(beside);
  const info = await walk.at(reset.action, '@Redfish.ActionInfo', 'power');
  const parameter =
    info && objectsAt(info, 'Parameters').find((item) => textAt(item, 'Name') === 'ResetType');
  const values = parameter ? textsAt(parameter, 'AllowableValues') : null;
  return values && values.length > 0 ? splitGlued(values) : null;
}

/** One Supermicro firmware lists `GracefulShutdownGracefulRestart`: a comma was forgotten between two. */
export function splitGlued(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => {
    for (const first of RESET_TYPES) {
      const rest = value.slice(first.length);
      if (value.startsWith(first) && RESET_TYPES.some((type) => type === rest)) return [first, rest];
    }
    return [value];
  });
}

const STATES: Readonly<Record<string, PowerState>> = {
  on: 'on',
  off: 'off',
  poweringon: 'powering-on',
  poweringoff: 'powering-off',
};

/** `PowerState` of a resource; `unknown` when it has none that we understand. */
export const readPowerState = (resource: JsonObject): PowerState =>
  STATES[textAt(resource, 'PowerState')?.toLowerCase() ?? ''] ?? 'unknown';

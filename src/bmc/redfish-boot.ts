import type { BootDescription, BootDevice } from './bmc.ts';
import { type JsonObject, objectAt, textAt, textsAt } from './redfish-json.ts';

/** Redfish's BootSourceOverrideTarget for each of our devices, DSP2046 §6.32. */
const TARGETS: Readonly<Record<BootDevice, string>> = {
  pxe: 'Pxe',
  disk: 'Hdd',
  'uefi-http': 'UefiHttp',
  none: 'None',
};

/** What a system says about its boot override, the raw words; all null on a Cray EX, which has none. */
export function readBoot(system: JsonObject): BootDescription {
  const boot = objectAt(system, 'Boot');
  return {
    overrideEnabled: textAt(boot, 'BootSourceOverrideEnabled'),
    overrideTarget: rawTextAt(boot, 'BootSourceOverrideTarget'),
    overrideMode: textAt(boot, 'BootSourceOverrideMode'),
    allowedTargets: textsAt(boot, 'BootSourceOverrideTarget@Redfish.AllowableValues'),
  };
}

/** Here "None" is a value and no placeholder. */
function rawTextAt(parent: JsonObject, key: string): string | null {
  const value = parent[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Whether a resource has the properties of a boot override, set or not. */
export const hasOverride = (resource: JsonObject): boolean => {
  const boot = objectAt(resource, 'Boot');
  return 'BootSourceOverrideTarget' in boot || 'BootSourceOverrideEnabled' in boot;
};

/**
 * The PATCH that asks for that device at the next boot. The mode is sent only when it is asked for or implied:
 * many BMCs refuse to change it, or change the BIOS setting for good.
 */
export function bootPatch(
  device: BootDevice,
  firmware: 'bios' | 'uefi' | undefined,
  boot: BootDescription,
): JsonObject {
  const target = TARGETS[device];
  if (device === 'none') {
    const hasNone = boot.allowedTargets?.includes(target) ?? false;
    return {
      Boot: {
        BootSourceOverrideEnabled: 'Disabled',
        ...(hasNone ? { BootSourceOverrideTarget: target } : {}),
      },
    };
  }
  const mode = firmware === 'uefi' || device === 'uefi-http' ? 'UEFI' : firmware === 'bios' ? 'Legacy' : null;
  const changesMode = mode !== null && mode !== boot.overrideMode;
  return {
    Boot: {
      BootSourceOverrideEnabled: 'Once',
      BootSourceOverrideTarget: target,
      ...(changesMode ? { BootSourceOverrideMode: mode } : {}),
    },
  };
}

/** Why that device cannot be asked for, or null when it can be tried. */
export function whyNotBootable(device: BootDevice, boot: BootDescription): string | null {
  const target = TARGETS[device];
  if (device === 'none' || boot.allowedTargets === null || boot.allowedTargets.includes(target)) return null;
  return `it offers ${boot.allowedTargets.join(', ')}, and not ${target}`;
}

/** Whether the override is now what was asked: `Continuous` is not, since the machine would netboot for ever. */
export function isBootSetTo(device: BootDevice, boot: BootDescription): boolean {
  if (device === 'none') return boot.overrideEnabled === 'Disabled' || boot.overrideTarget === 'None';
  return boot.overrideEnabled === 'Once' && boot.overrideTarget === TARGETS[device];
}

/** "Once Pxe", for a sentence. */
export const printBoot = (boot: BootDescription): string =>
  boot.overrideEnabled === null && boot.overrideTarget === null
    ? 'no override'
    : `${boot.overrideEnabled ?? '?'} ${boot.overrideTarget ?? '?'}`;

import type { BootDescription, BootDevice } from './bmc.ts';
import { type JsonObject, linkAt, objectAt, textAt, textsAt } from './redfish-json.ts';

/** Redfish's BootSourceOverrideTarget for each of our devices, DSP2046 §6.32. */
const TARGETS: Readonly<Record<BootDevice, string>> = {
  pxe: 'Pxe',
  disk: 'Hdd',
  'uefi-http': 'UefiHttp',
  none: 'None',
};

/**
 * What a system says about its boot override, in its own words; all null on a Cray EX, which has none. `settings`
 * is the resource that keeps it, where that is not the system.
 */
export function readBoot(system: JsonObject, settings: JsonObject | null = null): BootDescription {
  const boot = objectAt(settings ?? system, 'Boot');
  const allowed = 'BootSourceOverrideTarget@Redfish.AllowableValues';
  return {
    overrideEnabled: textAt(boot, 'BootSourceOverrideEnabled'),
    overrideTarget: rawTextAt(boot, 'BootSourceOverrideTarget'),
    overrideMode: textAt(boot, 'BootSourceOverrideMode'),
    allowedTargets: textsAt(boot, allowed) ?? textsAt(objectAt(system, 'Boot'), allowed),
  };
}

/** Where a vendor may keep the override apart from the system: AMI's and Nokia's `/SD`, BlueField's `/Settings`. */
export const settingsPathOf = (system: JsonObject): string | null =>
  linkAt(objectAt(system, '@Redfish.Settings'), 'SettingsObject');

/** Lenovo's `/Pending` and Dell's `/Settings` exist too, and know nothing of the override's target. */
export const keepsOverride = (settings: JsonObject): boolean =>
  'BootSourceOverrideTarget' in objectAt(settings, 'Boot');

/** Here "None" is a value and no placeholder. */
function rawTextAt(parent: JsonObject, key: string): string | null {
  const value = parent[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Whether the BMC offers a boot override at all. */
export const offersOverride = (boot: BootDescription): boolean =>
  boot.overrideEnabled !== null || boot.overrideTarget !== null || boot.allowedTargets !== null;

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
  if (!offersOverride(boot)) return 'it has no boot override';
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

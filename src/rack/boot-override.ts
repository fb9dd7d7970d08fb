/** Redfish's BootSourceOverrideTarget values that the virtual rack can honour. */
export type BootTarget = 'None' | 'Pxe' | 'Hdd' | 'UefiHttp';
export type BootEnabled = 'Disabled' | 'Once' | 'Continuous';

/** Redfish's boot override (DSP0268, ComputerSystem.Boot) without its long names. */
export interface BootOverride {
  readonly enabled: BootEnabled;
  readonly target: BootTarget;
}

export const NO_OVERRIDE: BootOverride = { enabled: 'Disabled', target: 'None' };

/** Legacy firmware has no HTTP client of its own. */
export const bootTargetsOf = (firmware: 'bios' | 'uefi'): readonly BootTarget[] =>
  firmware === 'uefi' ? ['None', 'Pxe', 'Hdd', 'UefiHttp'] : ['None', 'Pxe', 'Hdd'];

/** The override after a PATCH. `Disabled` forgets the target, and the target `None` disables, as iDRAC does. */
export function patchBoot(boot: BootOverride, patch: Partial<BootOverride>): BootOverride {
  const patched = { ...boot, ...patch };
  return patched.enabled === 'Disabled' || patched.target === 'None' ? NO_OVERRIDE : patched;
}

/** What the boot that begins now uses, and what is left for the next: a `Once` serves one boot only. */
export function consumeBoot(boot: BootOverride): {
  readonly target: BootTarget;
  readonly next: BootOverride;
} {
  return { target: boot.target, next: boot.enabled === 'Continuous' ? boot : NO_OVERRIDE };
}

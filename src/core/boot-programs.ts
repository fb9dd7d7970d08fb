/**
 * The network boot program for each option-93 code: iPXE, by the firmware's own network stack. 7 and 9 are one
 * in practice (wire/arch). ARM64 machines get a file of their own name, never an x86 binary.
 */
export const NETBOOT_PROGRAM: Readonly<Record<number, string>> = {
  0: 'undionly.kpxe',
  7: 'snponly.efi',
  9: 'snponly.efi',
  11: 'snponly-arm64.efi',
  16: 'snponly.efi',
  19: 'snponly-arm64.efi',
};

/** Every program a decision can name. */
export const NETBOOT_PROGRAM_NAMES: readonly string[] = [...new Set(Object.values(NETBOOT_PROGRAM))];

/** The programs that one architecture's firmware can load first, by the names they are served under. */
interface FirstPrograms {
  /** In the order of preference: the first that this seed has is named. */
  readonly open: readonly string[];
  /** Debian's shim, which Microsoft signed, for machines with Secure Boot; null where that chain cannot be had. */
  readonly signed: string | null;
}

const BIOS: FirstPrograms = { open: ['undionly.kpxe'], signed: null };
const X64: FirstPrograms = { open: ['snponly.efi'], signed: 'shimx64.efi' };
/** Debian has no iPXE for ARM64: a site may bring its own, else GRUB does it. */
const ARM64: FirstPrograms = { open: ['snponly-arm64.efi', 'grubaa64.efi'], signed: 'shimaa64.efi' };

/**
 * The network boot programs for each option-93 code. 7 and 9 are one in practice (wire/arch). ARM64 machines get files
 * of their own name, never an x86 binary. Debian's signed GRUB speaks TFTP only, so that what is loaded by HTTP is iPXE.
 */
export const FIRST_PROGRAMS: Readonly<Record<number, FirstPrograms>> = {
  0: BIOS,
  7: X64,
  9: X64,
  11: ARM64,
  16: { open: X64.open, signed: null },
  19: { open: ['snponly-arm64.efi'], signed: null },
};

/** What shim loads next, from beside itself: Debian's signed GRUB for network boot. */
export const SECOND_PROGRAMS: Readonly<Record<string, string>> = {
  'shimx64.efi': 'grubx64.efi',
  'shimaa64.efi': 'grubaa64.efi',
};

/** memtest86+ in the form that each firmware starts. */
export const MEMTEST_PROGRAMS = { bios: 'memtest.bin', uefi: 'memtest.efi' } as const;

/** Every program a decision can name, and what those load by themselves. */
export const NETBOOT_PROGRAM_NAMES: readonly string[] = [
  ...new Set([
    ...Object.values(FIRST_PROGRAMS).flatMap(({ open, signed }) => [...open, ...(signed ? [signed] : [])]),
    ...Object.values(SECOND_PROGRAMS),
    ...Object.values(MEMTEST_PROGRAMS),
  ]),
];

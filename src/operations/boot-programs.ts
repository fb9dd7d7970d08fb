/** Where Debian keeps the network boot programs, by the name that machines ask for. */
export const BOOT_PROGRAMS = {
  'undionly.kpxe': { file: '/usr/lib/ipxe/undionly.kpxe', debianPackage: 'ipxe' },
  'snponly.efi': { file: '/usr/lib/ipxe/snponly.efi', debianPackage: 'ipxe' },
} as const;

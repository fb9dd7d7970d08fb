import { hyphenMac, parseMac } from '../wire/mac.ts';

/** Where the boot HTTP server keeps what: one place, so that what is advertised is what is served. */
export const bootPath = {
  program: (file: string) => `/boot/${file}`,
  /** Ends in `.ipxe`, which some EFI builds of iPXE insist on; carries the architecture, which HTTP does not. */
  script: (arch: number, mac: string) => `/boot/${arch}/${hyphenMac(mac)}.ipxe`,
  /** For a DHCP server that is not ours: asks iPXE what it is, then fetches the script above. */
  anyScript: '/boot/script.ipxe',
  /** Answers 404 for good: an HTTP boot firmware then goes to its next entry at once (capture d_uefi_fast). */
  nothing: '/boot/local-disk.efi',
  agent: (file: 'kernel' | 'initramfs') => `/agent/${file}`,
  image: (file: string) => `/images/${file}`,
  ironic: (path: string) => `/ironic/${path}`,
  discovery: '/v1/discovery',
} as const;

/** Reads a script's path parts back; null when they are no architecture and MAC. */
export function parseScriptPath(arch: string, file: string): { arch: number; mac: string } | null {
  const mac = file.endsWith('.ipxe') ? parseMac(file.slice(0, -'.ipxe'.length)) : null;
  return mac && /^\d{1,5}$/.test(arch) ? { arch: Number(arch), mac } : null;
}

import { hyphenMac, parseMac } from '../wire/mac.ts';

/** Where the boot servers keep what: one place, so that what is advertised is what is served. */
export const bootPath = {
  program: (file: string) => `/boot/${file}`,
  /** Ends in `.ipxe`, which some EFI builds of iPXE insist on; carries the architecture, which HTTP does not. */
  script: (arch: number, mac: string) => `/boot/${arch}/${hyphenMac(mac)}.ipxe`,
  /** For a DHCP server that is not ours: asks iPXE what it is, then fetches the script above. */
  anyScript: '/boot/script.ipxe',
  /** Answers 404 for good: an HTTP boot firmware then goes to its next entry at once (capture d_uefi_fast). */
  nothing: '/boot/local-disk.efi',
  /** The public keys that may log in to a rescue ramdisk, one a line. */
  rescueKeys: '/boot/authorized_keys',
  agent: (file: 'kernel' | 'initramfs') => `/agent/${file}`,
  image: (file: string) => `/images/${file}`,
  tool: (file: string) => `/tools/${file}`,
  ironic: (path: string) => `/ironic/${path}`,
  discovery: '/v1/discovery',
  /** What Debian's network GRUB asks for first and last: its prefix is `(tftp,SERVER)/grub`. */
  grubStart: '/grub/grub.cfg',
} as const;

/** Reads a script's path parts back; null when they are no architecture and MAC. */
export function parseScriptPath(arch: string, file: string): { arch: number; mac: string } | null {
  const mac = file.endsWith('.ipxe') ? parseMac(file.slice(0, -'.ipxe'.length)) : null;
  return mac && /^\d{1,5}$/.test(arch) ? { arch: Number(arch), mac } : null;
}

/** GRUB's name for a processor → the option-93 code of that processor's UEFI. */
const GRUB_ARCHS: Readonly<Record<string, number>> = { x86_64: 7, arm64: 11 };

/** What stands in grub.cfg where GRUB puts in its own processor and MAC address. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: GRUB's own variables
export const GRUB_CONFIG_OF_ITSELF = '/grub/${grub_cpu}/${net_default_mac}';

/** Where a machine's GRUB configuration is, without `.cfg`. */
export const grubConfigName = (arch: number, mac: string): string =>
  `/grub/${Object.keys(GRUB_ARCHS).find((cpu) => GRUB_ARCHS[cpu] === arch) ?? 'x86_64'}/${mac}`;

/** One machine's GRUB configuration; `chosen` is what a person took from the menu. */
export interface GrubConfigName {
  readonly arch: number;
  readonly mac: string;
  readonly chosen: string | null;
}

/** Reads `grub/x86_64/52:54:00:99:00:01.cfg` or `…/52:54:00:99:00:01/rescue.cfg`; null when it is none. */
export function parseGrubPath(path: string): GrubConfigName | null {
  const parts = /^grub\/([a-z0-9_]+)\/([0-9a-fA-F:-]{17})(?:\/([A-Za-z0-9._:-]{1,80}))?\.cfg$/.exec(path);
  const arch = GRUB_ARCHS[parts?.[1] ?? ''];
  const mac = parseMac(parts?.[2] ?? '');
  return arch !== undefined && mac ? { arch, mac, chosen: parts?.[3] ?? null } : null;
}

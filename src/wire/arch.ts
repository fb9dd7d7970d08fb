/** What an option-93 code says about a machine's firmware. */
export interface ClientArch {
  readonly firmware: 'bios' | 'uefi' | 'other';
  readonly cpu: 'x86_64' | 'i386' | 'arm64' | 'arm' | 'other';
  /** The firmware itself boots by HTTP, and wants a URL. */
  readonly http: boolean;
  readonly text: string;
}

const arch = (
  firmware: ClientArch['firmware'],
  cpu: ClientArch['cpu'],
  http: boolean,
  text: string,
): ClientArch => ({
  firmware,
  cpu,
  http,
  text,
});

/**
 * IANA's "Processor Architecture Types" (RFC 5970 and its registry). 7 and 9 are both x64 UEFI in practice: RFC 4578
 * printed them one way, EDK2 shipped the other.
 */
export const CLIENT_ARCHS: ReadonlyMap<number, ClientArch> = new Map([
  [0, arch('bios', 'x86_64', false, 'x86 BIOS')],
  [6, arch('uefi', 'i386', false, 'x86 UEFI, 32 bits')],
  [7, arch('uefi', 'x86_64', false, 'x64 UEFI')],
  [9, arch('uefi', 'x86_64', false, 'x64 UEFI (EBC)')],
  [10, arch('uefi', 'arm', false, 'ARM UEFI, 32 bits')],
  [11, arch('uefi', 'arm64', false, 'ARM64 UEFI')],
  [15, arch('uefi', 'i386', true, 'x86 UEFI by HTTP, 32 bits')],
  [16, arch('uefi', 'x86_64', true, 'x64 UEFI by HTTP')],
  [18, arch('uefi', 'arm', true, 'ARM UEFI by HTTP, 32 bits')],
  [19, arch('uefi', 'arm64', true, 'ARM64 UEFI by HTTP')],
  [20, arch('bios', 'x86_64', true, 'x86 BIOS by HTTP')],
  [21, arch('other', 'arm', false, 'ARM U-Boot, 32 bits')],
  [22, arch('other', 'arm64', false, 'ARM64 U-Boot')],
  [24, arch('other', 'arm64', true, 'ARM64 U-Boot by HTTP')],
  [31, arch('other', 'other', false, 's390x')],
  [37, arch('uefi', 'other', false, 'LoongArch UEFI, 32 bits')],
  [39, arch('uefi', 'other', false, 'LoongArch UEFI, 64 bits')],
  [41, arch('other', 'arm64', false, 'Raspberry Pi rpiboot')],
]);

/** Where a code means nothing here: a machine that nothing is known to boot. */
export const UNKNOWN_ARCH: ClientArch = arch('other', 'other', false, 'unknown');

export const archOf = (code: number): ClientArch => CLIENT_ARCHS.get(code) ?? UNKNOWN_ARCH;

import type { FirmwareName } from './firmware.ts';
import type { Mode } from './segment.ts';

export const MODES = ['authoritative', 'proxy', 'relayed'] as const satisfies readonly Mode[];
export const LOSSES = [0, 1, 5] as const;

/** What the site file says of Secure Boot, and what is expected of the machine. */
export type FirmwareCase = {
  readonly firmware: FirmwareName;
  readonly title: string;
  /** `boot.secureBoot` of the site. */
  readonly secureBoot: boolean;
  readonly expected: 'kernel' | 'refused' | 'script';
  /**
   * GRUB 2.06 asks the server that the DHCP server's own answer names, and takes no notice of ProxyDHCP (2.12 does): it
   * boots beside another DHCP server only if that one names the seed as next server.
   */
  readonly byGrub: boolean;
  /** In percent of the packets. */
  readonly loss: number;
  /** Where it can be. */
  readonly modes: readonly Mode[];
};

const boots = (firmware: FirmwareName, title: string, more: Partial<FirmwareCase> = {}): FirmwareCase => ({
  firmware,
  title,
  secureBoot: false,
  expected: 'kernel',
  byGrub: false,
  loss: 0,
  modes: MODES,
  ...more,
});

export const FIRMWARE_CASES: readonly FirmwareCase[] = [
  boots('bios', 'SeaBIOS with iPXE in its ROM fetches the kernel'),
  boots('bios', 'SeaBIOS with iPXE in its ROM fetches the kernel though 1 % is lost', { loss: 1 }),
  boots('pxe', 'OVMF by PXE fetches the kernel'),
  boots('http', 'OVMF by HTTP boot fetches the kernel'),
  boots('secure', 'OVMF with Secure Boot refuses what nobody signed', { expected: 'refused' }),
  boots('arm64', 'AAVMF on arm64 fetches its boot program and asks what to boot', {
    expected: 'script',
    byGrub: true,
  }),
  boots('secure', 'OVMF with Secure Boot fetches the kernel by the signed chain', {
    secureBoot: true,
    byGrub: true,
  }),
  // The seed gives IPv6 addresses on its own wire only.
  boots('pxe6', 'OVMF by PXE over IPv6 fetches the kernel', { modes: ['authoritative'] }),
];

/** Everything when BLACKSTART_INTEROP=full; else a part that touches every row and every column. */
const isFull = process.env['BLACKSTART_INTEROP'] === 'full';

/** In a part, firmware and mode meet along diagonals; the slow arm64 meets one mode only. */
const PICKED: Readonly<Record<Mode, readonly number[]>> = {
  authoritative: [1, 4, 5, 7],
  proxy: [2, 6],
  relayed: [0, 3],
};

export const firmwareCases = (mode: Mode): readonly FirmwareCase[] =>
  FIRMWARE_CASES.filter(({ modes }, at) => modes.includes(mode) && (isFull || PICKED[mode].includes(at)));

/** In a part, each program meets one share of loss, and each share some programs. */
export const programsAt = <T extends { readonly name: string; readonly wantsAllPackets?: boolean }>(
  programs: readonly T[],
  loss: number,
): readonly T[] =>
  programs.filter(({ wantsAllPackets }, at) =>
    wantsAllPackets ? loss === 0 : isFull || LOSSES[at % LOSSES.length] === loss,
  );

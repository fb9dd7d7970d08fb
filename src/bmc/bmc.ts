import type { Duplex } from 'node:stream';

/** `unknown` where the BMC gives none, or a state that is neither (`Paused`). */
export type PowerState = 'on' | 'off' | 'powering-on' | 'powering-off' | 'unknown';

/** Where the next boot, and only that one, shall come from; `none` takes such a wish back. */
export type BootDevice = 'pxe' | 'disk' | 'uefi-http' | 'none';

/** `now` is what a plug does; `gracefully` asks the operating system, which may take its time or refuse. */
export type PowerManner = 'now' | 'gracefully';

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * One server's management controller. Redfish today, IPMI by the same interface later.
 *
 * Commands to one BMC run one at a time, in the order in which they were called, whichever object calls them:
 * many BMCs answer 503, or worse, to two at once. Errors are BlackstartErrors: `E_BMC_AUTH`,
 * `E_BMC_UNREACHABLE`, `E_BMC_REFUSED`, `E_BMC_IGNORED` (it said yes and did not do it), `E_BMC_BUSY`; an
 * abort rejects with the signal's reason.
 */
export interface Bmc {
  powerState(options?: CallOptions): Promise<PowerState>;
  /** Resolves when the BMC reports the machine on; at once when it is. */
  powerOn(options?: CallOptions): Promise<void>;
  /** Resolves when the BMC reports the machine off; at once when it is. */
  powerOff(options?: CallOptions & { readonly manner?: PowerManner }): Promise<void>;
  /** Boots the machine anew, from off too. A BMC that ignores this for a machine that is on cannot be caught. */
  reset(options?: CallOptions & { readonly manner?: PowerManner }): Promise<void>;
  /** Resolves when the BMC, asked again after a while, still says so. `firmware` also picks the boot mode. */
  setNextBoot(
    device: BootDevice,
    options?: CallOptions & { readonly firmware?: 'bios' | 'uefi' },
  ): Promise<void>;
  /** What the BMC knows of its machine. What it does not tell is null or absent, with a line in `missing`. */
  describe(options?: CallOptions): Promise<SystemDescription>;
  /**
   * The machine's serial console: raw bytes both ways, until it is destroyed or the BMC ends it. The signal gives
   * up the opening only. Where it is for looking only, what is written is lost. Throws E_BMC_NO_CONSOLE where the
   * BMC has none that this program can join, with what it offers instead.
   */
  openConsole(options?: CallOptions): Promise<Duplex>;
  /** Ends the session at the BMC. The next call would begin another. Never throws. */
  close(): Promise<void>;
}

/** Texts are trimmed, and null where the vendor left a placeholder; MACs are lower case with colons. */
export interface SystemDescription {
  readonly identity: SystemIdentity;
  readonly power: PowerState;
  /** The Redfish reset types that are offered; null when the BMC does not say. */
  readonly resetTypes: readonly string[] | null;
  readonly boot: BootDescription;
  readonly processors: readonly ProcessorDescription[];
  readonly memoryGib: number | null;
  readonly nics: readonly NicDescription[];
  readonly disks: readonly DiskDescription[];
  readonly firmware: readonly FirmwareDescription[];
  readonly bmc: ControllerDescription;
  /** What could not be learned and why, one sentence each, beginning with the part: `nics: …`. */
  readonly missing: readonly string[];
}

export interface SystemIdentity {
  /** The BMC's own name for the system, for `systemId`. */
  readonly systemId: string | null;
  /** Lower case. SMBIOS may show its first three fields byte-swapped. */
  readonly uuid: string | null;
  readonly serial: string | null;
  /** Dell's service tag is here, and on the case; elsewhere an order number. */
  readonly sku: string | null;
  readonly manufacturer: string | null;
  readonly model: string | null;
}

/** Redfish's words, as the BMC gives them. */
export interface BootDescription {
  readonly overrideEnabled: string | null;
  readonly overrideTarget: string | null;
  readonly overrideMode: string | null;
  /** Null when the BMC does not list them; then only trying tells. */
  readonly allowedTargets: readonly string[] | null;
}

export interface ProcessorDescription {
  readonly id: string;
  /** Redfish's ProcessorType: `CPU`, `GPU`, `FPGA`, … */
  readonly type: string;
  readonly model: string | null;
  readonly cores: number | null;
  readonly threads: number | null;
}

export interface NicDescription {
  readonly mac: string;
  /** The factory's, where it differs from the one in use. */
  readonly permanentMac: string | null;
  /** Every resource that shows this MAC. */
  readonly ids: readonly string[];
  readonly linkUp: boolean | null;
  readonly speedMbps: number | null;
}

export interface DiskDescription {
  readonly id: string;
  readonly model: string | null;
  readonly serial: string | null;
  readonly sizeBytes: number | null;
  readonly media: 'ssd' | 'hdd' | null;
  readonly protocol: string | null;
}

export interface FirmwareDescription {
  readonly name: string;
  readonly version: string;
}

export interface ControllerDescription {
  readonly model: string | null;
  readonly firmwareVersion: string | null;
  readonly macs: readonly string[];
}

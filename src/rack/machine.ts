import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { BootOverride } from './boot-override.ts';

/** What stands in one slot of the virtual rack: plain data, as an order list or a label on the case would say. */
export interface MachineSpec {
  readonly name: string;
  readonly firmware: 'bios' | 'uefi';
  /** The SMBIOS system UUID, which Redfish, DHCP option 97 and the running system all show. */
  readonly uuid: string;
  readonly serial: string;
  /** Of the one NIC, on the provisioning network. */
  readonly mac: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly diskSerial: string;
  /** What the firmware tries first when nothing is overridden; `disk-first` unless told. */
  readonly bootOrder?: 'disk-first' | 'network-first';
  /** What a simulated machine shall do wrong (`silent`, `slow`); a QEMU machine has none. */
  readonly behaviours?: readonly string[];
  readonly bmc: BmcSpec;
}

export interface BmcSpec {
  /** On the management network; several BMCs may share one address and differ by port. */
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly mac: string;
}

export interface NetworkSpec {
  /** The name that the seed's end of the cable has inside the seed's namespace. */
  readonly seedInterface: string;
  readonly seedAddress: string;
  /** Length of the network's prefix, as in 24. */
  readonly prefix: number;
}

/** The whole virtual rack: two networks that do not forward to each other, and the machines on them. */
export interface RackSpec {
  /** Short (at most 10 of a-z, 0-9, -): the namespaces are `<name>-rack` and `<name>-seed`. */
  readonly name: string;
  /** Where disks, consoles, the control socket and the record of processes live. */
  readonly dir: string;
  readonly provisioning: NetworkSpec;
  /** BMC addresses live on the rack's side of it. */
  readonly management: NetworkSpec;
  readonly machines: readonly MachineSpec[];
}

export type PowerState = 'On' | 'Off';

/** Redfish's ResetType (DSP2046, Resource.ResetType), as far as the virtual BMC offers it. */
export const RESET_TYPES = [
  'On',
  'ForceOn',
  'ForceOff',
  'GracefulShutdown',
  'ForceRestart',
  'GracefulRestart',
  'PowerCycle',
  'Nmi',
] as const;
export type ResetType = (typeof RESET_TYPES)[number];

/** One line of a machine's life: `power-on`, `power-off`, `reboot`, `died`, or what a simulated machine saw. */
export interface MachineEvent {
  readonly atMs: number;
  readonly kind: string;
  /** Who or what caused it: `reset ForceOff`, `guest-reset`, the last words of a QEMU that died. */
  readonly why: string;
}

/** A serial line: what the machine prints, and what a keyboard on it would type. */
export interface Console {
  /** Hands over the recent output at once and everything from then on; returns how to stop. */
  attach(listener: (bytes: Uint8Array) => void): () => void;
  write(bytes: Uint8Array): void;
}

/** A server in the rack as its BMC sees it. Implementations: QEMU, and a simulated one for the fast tests. */
export interface Machine {
  readonly spec: MachineSpec;
  /** What the BMC was told about booting; changed by `setBoot`, and by each boot that uses up a `Once`. */
  readonly boot: BootOverride;
  readonly history: readonly MachineEvent[];
  readonly console: Console;
  powerState(): PowerState;
  setBoot(patch: Partial<BootOverride>): void;
  /**
   * Does what Redfish's Reset action asks, one at a time; resolves when the power has changed, or, for the
   * graceful ones, when the machine was asked. Callers check with `decideReset` first.
   */
  reset(type: ResetType): Promise<void>;
  /** Pulls the plug for good, at the end of the rack. */
  close(): Promise<void>;
}

/** What a machine gets from the rack that it is built into. */
export interface MachineContext {
  readonly rack: RackSpec;
  /** The machine's own folder, which exists. */
  readonly dir: string;
  /** The tap on the provisioning bridge that `createRackNetwork` made for it. */
  readonly tap: string;
  readonly clock: Clock;
  readonly log: Log;
}

export type MachineFactory = (spec: MachineSpec, context: MachineContext) => Promise<Machine>;

/** How a machine is handed over to its local disk; what `auto` means depends on who does it. */
export type LocalDiskChoice = 'auto' | 'sanboot' | 'exit' | 'exit-0' | 'chainload';

/**
 * What some firmware cannot take. uefi-without-43: EDK2 before 2017 (Dell T430, T130) drops a ProxyDHCP offer that has
 * option 43, so that UEFI gets none and is answered at port 4011.
 */
export type BootQuirk = 'uefi-without-43';

/** What the boot decision knows of a machine. The store's and the site's richer records are projected into it. */
export interface BootNode {
  readonly name: string;
  /** Every MAC known of it, in colon form. */
  readonly macs: readonly string[];
  readonly uuid: string | null;
  /** Its reserved IPv4 address on the provisioning network. */
  readonly address: string | null;
  /** Its reserved IPv6 address, likewise; absent like null. */
  readonly address6?: string | null;
  readonly hostname: string | null;
  /** How its firmware is handed over to the local disk: facts differ by vendor, so a node may override it. */
  readonly localDisk: LocalDiskChoice;
  /** Extra kernel arguments of the agent's ramdisk for this machine; may be empty. */
  readonly kernelArgs: string;
  /** Whether its firmware starts signed programs only: DHCP does not tell. */
  readonly secureBoot: boolean;
  readonly quirks: readonly BootQuirk[];
  readonly approval: 'pending' | 'approved' | 'rejected';
}

/** What a person can have a machine boot once: none of it is part of a bring-up. `tool:` is one that the site names. */
export type OnceKind = 'rescue' | 'memtest' | `tool:${string}`;

/** Why a machine is to netboot. */
export type IntentKind = 'discover' | 'inspect' | 'deploy' | 'clean' | 'install' | OnceKind;

export const isOnce = (kind: string): kind is OnceKind =>
  kind === 'rescue' || kind === 'memtest' || kind.startsWith('tool:');

/**
 * Why a machine may netboot now: a journaled wish with an end, or Ironic's own boot file for its MAC, which exists
 * only while Ironic wants that machine booted.
 */
export type BootIntent =
  | {
      readonly kind: IntentKind;
      readonly expiresAtMs: number;
      readonly reason: string;
    }
  | {
      readonly kind: 'undercloud';
      /** The boot file within Ironic's http_root, as in `pxelinux.cfg/52-54-00-99-00-01`. */
      readonly path: string;
      readonly reason: string;
    };

/** The intent if it still holds at `nowMs`. Ironic's has no end of its own: the file goes when Ironic is done. */
export const unexpired = (intent: BootIntent | null, nowMs: number): BootIntent | null =>
  intent === null || intent.kind === 'undercloud' || nowMs < intent.expiresAtMs ? intent : null;

import type { Clock } from '../clock.ts';
import type { BootPolicy } from '../core/boot.ts';
import type { BootIntent, BootNode } from '../core/boot-node.ts';
import type { BootNetwork } from '../core/dhcp-network.ts';
import type { UnknownLimits } from '../core/unknown-limits.ts';
import type { Log } from '../log.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import type { RelayInformation } from '../wire/dhcp-relay-information.ts';
import type { BootEvent } from './boot-event.ts';
import type { BootMetrics } from './metrics.ts';

export type { BootEvent };

/** What the boot servers know of machines. Asked synchronously for every packet: answers come from memory. */
export interface BootDirectory {
  byMac(mac: string): BootNode | null;
  /** The node's name alone: cheaper than the node, for events. */
  nameByMac(mac: string): string | null;
  /** Lowercase, RFC 4122 order; the servers ask for both byte orders themselves. */
  byUuid(uuid: string): BootNode | null;
  /** Why the machine may netboot now, Ironic's own boot file included (see `findUndercloudBootFile`). */
  intentOf(mac: string): BootIntent | null;
  /** The node whose switch port a netbooting machine came in by; from then on the machine's MAC is that node's. */
  byPort(relay: RelayInformation, mac: string): BootNode | null;
  /** The node an address is reserved for. */
  reservedBy(address: string): BootNode | null;
  /** How many nodes have no address reserved, and need one of a pool. */
  poolNodes(): number;
}

/** What there is to serve, by absolute path. Read at each request, so that a part may appear while serving. */
export interface BootArtefacts {
  /** Network boot programs by the name they are asked for: `undionly.kpxe`, `snponly.efi`. */
  readonly programs: Readonly<Record<string, string>>;
  /** The agent's ramdisk, x86_64. */
  readonly agent: { readonly kernel: string; readonly initramfs: string } | null;
  /** Whole-disk images and their checksums, by the name in their URL. */
  readonly images: Readonly<Record<string, string>>;
  /** Files of the site's own tools, by the name in their URL. */
  readonly tools: Readonly<Record<string, string>>;
  /** Folder with the boot files of Raspberry Pis, in `SERIAL/` for one of them or at its top for all; null for none. */
  readonly raspberryPiDir: string | null;
  /** Ironic's `http_root`, served at `/ironic/`, and the folders its links may lead to. */
  readonly ironic: { readonly httpRoot: string; readonly linkRoots: readonly string[] } | null;
}

/** The site's choices; the rest of the decision's policy follows from the artefacts. */
export interface NetworkBootPolicy
  extends Pick<BootPolicy, 'rejected' | 'secureBoot' | 'tools' | 'menuSeconds'> {
  /** Whether an unknown machine with this MAC gets the discovery ramdisk. */
  readonly discovers: (mac: string) => boolean;
  /** How many machines that nobody knows may turn up. */
  readonly unknownLimits: UnknownLimits;
  /** Ironic's API as machines on this network reach it; null while there is none. */
  readonly ironicUrl: (network: BootNetwork) => string | null;
  /** The agent's inspection collectors; `default` and `pci-devices` need nothing in the ramdisk. */
  readonly collectors: readonly string[];
  /** The site's extra kernel arguments for the agent. */
  readonly kernelArgs: string;
}

/** Where an inventory came from, as the lease says. */
export interface InventorySender {
  readonly address: string;
  readonly mac: string;
}

export type SecretAnswer =
  | { readonly kind: 'opened'; readonly bytes: Buffer }
  | { readonly kind: 'refused'; readonly reason: string; readonly replay: boolean };

/** What goes out by TLS only: files with secrets, each for a one-time token. */
export interface SecureServing {
  readonly port: number;
  /** PEM; asked again whenever `onRenewed` tells that there is a new one. */
  certificate(): { readonly key: string; readonly cert: string };
  onRenewed(take: () => void): void;
  /** Uses the token up if it opens this file for this node now. A rejection opens nothing. */
  openSecret(file: string, token: string, node: string): Promise<SecretAnswer>;
}

export interface NetworkBootDeps {
  readonly networks: readonly BootNetwork[];
  readonly httpPort: number;
  readonly policy: NetworkBootPolicy;
  readonly leases: LeaseStore;
  readonly directory: BootDirectory;
  readonly artefacts: BootArtefacts;
  /** Absent where the site has no TLS port. */
  readonly secure?: SecureServing;
  /** Takes an agent's inventory. May reject: the agent is told to try again. */
  onInventory(inventory: Readonly<Record<string, unknown>>, sender: InventorySender): Promise<void> | void;
  /** Called for every decision and every transfer's end; must not throw or block. */
  onEvent(event: BootEvent): void;
  /** Counts what the servers do; absent where nobody asks. */
  readonly metrics?: BootMetrics;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Closable {
  close(): Promise<void>;
}

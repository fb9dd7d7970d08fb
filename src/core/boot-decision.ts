import type { PxeClient } from '../wire/pxe-client.ts';
import type { BootFiles, BootTool } from './boot-tool.ts';

/** What the site allows, and what this seed has to serve. */
export interface BootPolicy {
  /** `http://ADDRESS:PORT` of the boot server, as the asking machine reaches it. */
  readonly httpUrl: string;
  /** What an unknown machine gets. Discovery never writes to a disk. */
  readonly unknown: 'discover' | 'ignore';
  /** What a rejected machine gets. */
  readonly rejected: 'ignore' | 'local-disk';
  /** Whether unknown machines get the signed chain; a node has a choice of its own. */
  readonly secureBoot: boolean;
  /** The network boot programs that are really there to be served. */
  readonly programs: ReadonlySet<string>;
  /** The processors that an agent ramdisk is there for. */
  readonly agentCpus: ReadonlySet<string>;
  /** The site's own programs, by name. */
  readonly tools: Readonly<Record<string, BootTool>>;
  /** How long a machine's menu waits for a person; null: no menu. */
  readonly menuSeconds: number | null;
  /** Whether there are files for Raspberry Pis. */
  readonly raspberryPi: boolean;
}

/** A machine at one stage of its boot: its firmware or iPXE by DHCP, or iPXE or GRUB fetching its script. */
export interface BootClient extends Pick<PxeClient, 'arch' | 'mac'> {
  readonly kind: PxeClient['kind'] | 'GRUB';
  readonly stage: 'dhcp' | 'script';
  /** At the script stage, what a person took from the menu; absent before that. */
  readonly chosen?: string | null;
  /** The firmware's system UUID as sent, by which a Raspberry Pi tells what it is. */
  readonly uuid?: string | null;
}

/** How a machine is sent to its local disk. Which form each firmware takes: docs/booting.md. */
export type LocalDiskForm =
  | 'pxe-e21'
  | 'no-file'
  | 'http-404'
  | 'script'
  | 'sanboot'
  | 'exit'
  | 'exit-0'
  | 'chainload';

/** A line of the menu; `name` is what the machine asks for when a person takes it. */
export interface MenuEntry {
  readonly name: string;
  readonly title: string;
}

/** What a machine that asks to netboot gets, and why. */
export type BootDecision = { readonly reason: string } & (
  | { readonly kind: 'ignore' }
  | { readonly kind: 'local-disk'; readonly form: LocalDiskForm; readonly url: string | null }
  | { readonly kind: 'tftp'; readonly file: string }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'raspberry-pi' }
  | { readonly kind: 'script'; readonly url: string }
  | { readonly kind: 'menu'; readonly seconds: number; readonly entries: readonly MenuEntry[] }
  | { readonly kind: 'agent'; readonly purpose: 'agent' | 'rescue'; readonly kernelArgs: string }
  | { readonly kind: 'chain'; readonly url: string }
  | { readonly kind: 'program'; readonly name: string; readonly files: BootFiles }
);

export const ignore = (reason: string): BootDecision => ({ kind: 'ignore', reason });

import type { BootStage } from '../core/boot-stages.ts';

/** One machine asking for one file. */
export interface TftpAsk {
  /** As `tidyName` leaves it: `grub/grub.cfg`, `1a2b3c4d/start4.elf`. */
  readonly name: string;
  readonly address: string;
  /** The MAC that holds the address by our own leases; null when it is not ours. */
  readonly mac: string | null;
}

/** A file of this host, or bytes made for the one who asks. */
export type TftpFile = {
  /** What the transfer is called in the boot trace; `tftp program` unless told. */
  readonly stage?: BootStage;
} & (
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
);

/**
 * What the TFTP server has under a name, or null. Asked once for each transfer. A path must come from a list of what
 * is served, never from the name itself.
 */
export interface TftpContent {
  find(ask: TftpAsk): Promise<TftpFile | null> | TftpFile | null;
}

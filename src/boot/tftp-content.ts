import type { BootSegment } from './boot-segment.ts';

/** One machine asking for one file. */
export interface TftpAsk {
  /** As `tidyName` leaves it: `grub/grub.cfg`, `1a2b3c4d/start4.elf`. */
  readonly name: string;
  readonly address: string;
  /** The MAC that holds the address by our own leases; null when it is not ours. */
  readonly mac: string | null;
}

/** A file of this host, or bytes made for the one who asks. */
export type TftpFile =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/**
 * What the TFTP server has under a name, or null. Asked once for each transfer. A path must come from a list of what
 * is served, never from the name itself.
 */
export interface TftpContent {
  find(ask: TftpAsk): Promise<TftpFile | null> | TftpFile | null;
}

/** The network boot programs, by name. */
const programs = ({ deps }: BootSegment): TftpContent => ({
  find({ name }) {
    const { programs: served } = deps.artefacts;
    const path = Object.hasOwn(served, name) ? served[name] : undefined;
    return path === undefined ? null : { kind: 'file', path };
  },
});

/** Everything that a network's TFTP server has: the first content that knows a name wins. */
export function tftpContent(segment: BootSegment): TftpContent {
  const contents: readonly TftpContent[] = [programs(segment)];
  return {
    async find(ask) {
      for (const content of contents) {
        const file = await content.find(ask);
        if (file) return file;
      }
      return null;
    },
  };
}

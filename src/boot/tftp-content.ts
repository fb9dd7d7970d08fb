import type { BootSegment } from './boot-segment.ts';
import { bootFiles, grubContent, raspberryPiFiles } from './tftp-boot-files.ts';
import type { TftpContent } from './tftp-file.ts';

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
  const contents: readonly TftpContent[] = [
    programs(segment),
    grubContent(segment),
    bootFiles(segment),
    raspberryPiFiles(segment),
  ];
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

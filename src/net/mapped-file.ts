import { closeSync, fstatSync, openSync } from 'node:fs';
import { MAP_PRIVATE, mmap, munmap, PROT_READ } from './libc.ts';

/** A file in the address space, for system calls that are told of memory by address. */
export interface MappedFile {
  readonly address: number;
  readonly bytes: number;
  /** Changes with the file. */
  readonly version: string;
  unmap(): void;
}

/**
 * Maps a regular file; null when there is none. It is read as it is sent, by the kernel: a file that shrinks meanwhile
 * fails the send, and nothing else.
 */
export function mapFile(path: string): MappedFile | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) return null;
    const version = `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
    if (found.size === 0) return { address: 0, bytes: 0, version, unmap() {} };
    const address = mmap(0, found.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address < 0) return null;
    return { address, bytes: found.size, version, unmap: () => void munmap(address, found.size) };
  } finally {
    closeSync(fd);
  }
}

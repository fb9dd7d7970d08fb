import { readFileSync, statSync } from 'node:fs';
import type { TftpSource } from '../core/tftp-server.ts';
import { type MappedFile, mapFile } from '../net/mapped-file.ts';
import { Arena } from '../net/udp-batch.ts';
import { toNetascii } from '../wire/netascii.ts';
import type { TftpFile } from './tftp-file.ts';

/** The contents of a file by their address in memory. */
export interface MemorySource extends TftpSource {
  readonly address: number;
  /** What must not be collected while the address is used. */
  readonly keep: unknown;
}

interface Shelved {
  readonly file: MappedFile;
  readers: number;
}

const MAX_IDLE = 64;
/** Nothing that boots is fetched as text; what is must fit in memory, since its size as text has to be known first. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/** Keeps files mapped while they are being sent, and a few beyond, so that a rack's boots share them. */
export class TftpSources {
  readonly #shelf = new Map<string, Shelved>();

  /** Opens what was found, as octets or as text; or says why it cannot be sent. */
  open(found: TftpFile, netascii: boolean): MemorySource | string {
    if (netascii) return openText(found);
    return found.kind === 'bytes' ? fromBytes(found.bytes) : this.#openFile(found.path);
  }

  close(): void {
    for (const { file } of this.#shelf.values()) file.unmap();
    this.#shelf.clear();
  }

  #openFile(path: string): MemorySource | string {
    const key = versionOf(path);
    if (key === null) return 'there is no such file';
    const known = this.#shelf.get(key);
    this.#shelf.delete(key);
    const file = known?.file ?? mapFile(path);
    if (!file) return 'there is no such file';
    const shelved = known ?? { file, readers: 0 };
    shelved.readers++;
    this.#shelf.set(key, shelved); // last: the least recently used are first
    return {
      address: file.address,
      bytes: file.bytes,
      keep: null,
      release: () => {
        shelved.readers--;
        this.#tidy();
      },
    };
  }

  #tidy(): void {
    for (const [key, { file, readers }] of this.#shelf) {
      if (this.#shelf.size <= MAX_IDLE) return;
      if (readers > 0) continue;
      file.unmap();
      this.#shelf.delete(key);
    }
  }
}

function versionOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? `${path} ${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}` : null;
}

function fromBytes(bytes: Uint8Array): MemorySource {
  const arena = new Arena(bytes.length);
  arena.bytes.set(bytes);
  return { address: arena.address, bytes: bytes.length, keep: arena, release() {} };
}

function openText(found: TftpFile): MemorySource | string {
  if (found.kind === 'bytes') return fromBytes(toNetascii(found.bytes));
  const size = statSync(found.path, { throwIfNoEntry: false })?.size ?? null;
  if (size === null) return 'there is no such file';
  if (size > MAX_TEXT_BYTES) return 'the file is too large for netascii: ask for octet';
  return fromBytes(toNetascii(readFileSync(found.path)));
}

import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the disk holds. An image is on it only once it was written and verified to the end. */
export interface DiskContent {
  readonly image: WrittenImage | null;
  /** As Ironic handed it over: a gzipped ISO 9660 volume in base64. */
  readonly configDrive: string | null;
  /** The host key that the installed system made at its first boot, OpenSSH format. */
  readonly hostKey: string | null;
}

export interface WrittenImage {
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly node: string;
  /** The MBR's disk signature, as the agent's `get_disk_identifier` reads it. */
  readonly identifier: string;
}

/** One line of `disk-writes.jsonl`: an image that was written whole. Never rewritten, so that a test can count. */
export interface DiskWrite {
  /** ISO 8601. */
  readonly at: string;
  readonly url: string;
  readonly sha256: string;
  readonly node: string;
}

const EMPTY: DiskContent = { image: null, configDrive: null, hostKey: null };

/** A disk without sectors: what is on it outlives power cycles in the machine's folder, as `disk.json`. */
export class FakeDisk {
  readonly #file: string;
  readonly #writesFile: string;

  constructor(dir: string) {
    this.#file = join(dir, 'disk.json');
    this.#writesFile = join(dir, 'disk-writes.jsonl');
  }

  read(): DiskContent {
    return existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : EMPTY;
  }

  /** The partition table goes first: what was there is lost from here on, also if the writing stops half way. */
  wipe(): void {
    this.#save(EMPTY);
  }

  finishWrite(image: WrittenImage, configDrive: string | null): void {
    const write: DiskWrite = {
      at: new Date().toISOString(),
      url: image.url,
      sha256: image.sha256,
      node: image.node,
    };
    appendFileSync(this.#writesFile, `${JSON.stringify(write)}\n`);
    this.#save({ image, configDrive, hostKey: null });
  }

  keepHostKey(hostKey: string): void {
    this.#save({ ...this.read(), hostKey });
  }

  #save(content: DiskContent): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(content));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Every image that was ever written to the disk of the machine with this folder, oldest first. */
export function readDiskWrites(dir: string): DiskWrite[] {
  const file = join(dir, 'disk-writes.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

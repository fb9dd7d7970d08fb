import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Subject } from '../interleave.ts';
import type { BenchProcess } from '../process.ts';
import type { Wire } from '../wire.ts';

/** A web server that serves the same files by the same names. */
export interface HttpSubject extends Subject {
  readonly port: number;
  /** What stands before the files' names in its URLs. */
  readonly path: string;
  /** Serves the files below `folder`, in which it may keep what it needs besides. */
  start(wire: Wire, folder: string): Promise<BenchProcess>;
}

export const MIB = 1024 * 1024;

/** As Ironic lays them out for a machine: a ramdisk, a kernel that is a small one, and an iPXE script. */
export const FILES = { ramdisk: 60 * MIB, kernel: MIB, script: 4096 } as const;

/** Random bytes, so that nothing on the way can make them fewer. */
export async function layFiles(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(FILES)) await writeFile(join(folder, name), randomBytes(bytes));
}

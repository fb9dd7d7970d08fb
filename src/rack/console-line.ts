import { createWriteStream, rmSync, symlinkSync, type WriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Console } from './machine.ts';

const RECENT_BYTES = 64 * 1024;
const KEPT_BOOTS = 40;

/**
 * A machine's serial line: every boot goes to a file of its own, `console-003.log`, to which `console.log`
 * points; whoever attaches sees the boot's recent output and then all that comes.
 */
export class ConsoleLine implements Console {
  readonly #dir: string;
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  #file: WriteStream | null = null;
  #recent: Buffer = Buffer.alloc(0);
  #keyboard: ((bytes: Uint8Array) => void) | null = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** A boot begins: a new file. `keyboard` takes what is typed until the machine ends. */
  begin(boot: number, keyboard: (bytes: Uint8Array) => void): void {
    this.end();
    const name = consoleFile(boot);
    this.#file = createWriteStream(join(this.#dir, name));
    this.#keyboard = keyboard;
    this.#recent = Buffer.alloc(0);
    rmSync(join(this.#dir, 'console.log'), { force: true });
    symlinkSync(name, join(this.#dir, 'console.log'));
    rmSync(join(this.#dir, consoleFile(boot - KEPT_BOOTS)), { force: true });
  }

  /** What the machine printed. */
  push(bytes: Uint8Array): void {
    this.#file?.write(bytes);
    this.#recent = Buffer.concat([this.#recent, bytes]).subarray(-RECENT_BYTES);
    for (const listener of this.#listeners) listener(bytes);
  }

  end(): void {
    this.#file?.end();
    this.#file = null;
    this.#keyboard = null;
  }

  attach(listener: (bytes: Uint8Array) => void): () => void {
    if (this.#recent.length > 0) listener(this.#recent);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  write(bytes: Uint8Array): void {
    this.#keyboard?.(bytes);
  }
}

const consoleFile = (boot: number): string => `console-${String(boot).padStart(3, '0')}.log`;

/** The number of the last boot that left a console file: counting goes on from there after a restart. */
export async function lastBootOf(dir: string): Promise<number> {
  const names = await readdir(dir).catch(() => []);
  const boots = names.map((name) => Number(/^console-(\d+)\.log$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...boots);
}

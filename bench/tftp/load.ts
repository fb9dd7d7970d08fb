import { join } from 'node:path';
import { run } from '../../src/exec/run.ts';
import type { Wire } from '../wire.ts';

/** So many machines that fetch one file by TFTP, all at once. */
export interface Load {
  readonly device: string;
  readonly server: string;
  readonly clients: number;
  /** null: no options are asked for, so 512 bytes. */
  readonly blockBytes: number | null;
  readonly windowBlocks: number;
  readonly fileBytes: number;
  /** How long each fetches again and again; null: once. */
  readonly seconds: number | null;
}

export interface LoadResult {
  readonly completed: number;
  /** Gave up, or were told an error. */
  readonly failed: number;
  /** Blocks that were not what the file holds. */
  readonly wrongBlocks: number;
  readonly dataPackets: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Of one file. */
  readonly p50Ms: number;
  /** CPU time that the generator itself took. */
  readonly ownCpuSeconds: number;
}

export type LoadShape = Omit<Load, 'device' | 'server' | 'fileBytes'> & Partial<Pick<Load, 'fileBytes'>>;

export const FILE = 'bench.bin';
export const FILE_BYTES = 1024 * 1024;
/** Every machine has an address of its own, as a rack's machines have. */
export const MAX_CLIENTS = 200;
export const clientAddress = (client: number): string => `10.99.1.${client + 1}`;

/** The file: each four bytes say where they are, so that every block can be told to be right. */
export function benchFile(bytes = FILE_BYTES): Uint8Array {
  const words = new Uint32Array(bytes / 4);
  for (let word = 0; word < words.length; word++) words[word] = 4 * word;
  return new Uint8Array(words.buffer);
}

const SLACK_MS = 180_000;

/** Runs the generator in the machines' namespace, in a process of its own. */
export async function generate(wire: Wire, shape: LoadShape): Promise<LoadResult> {
  const { client, server } = wire;
  const load: Load = { device: client.interface, server: server.address, fileBytes: FILE_BYTES, ...shape };
  const program = join(import.meta.dirname, 'generator-main.ts');
  const command = ['netns', 'exec', wire.client.namespace, process.execPath, program, JSON.stringify(load)];
  const { stdout } = await run('ip', command, { timeoutMs: (shape.seconds ?? 0) * 1000 + SLACK_MS });
  return JSON.parse(stdout) as LoadResult;
}

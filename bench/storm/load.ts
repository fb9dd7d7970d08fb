import { join } from 'node:path';
import { run } from '../../src/exec/run.ts';
import type { Wire } from '../wire.ts';

/** The stages of a boot, in order. */
export const STAGES = ['address', 'boot program', 'iPXE address', 'script', 'kernel', 'ramdisk'] as const;
export type Stage = (typeof STAGES)[number];

/** So many machines powered on, evenly within a time. */
export interface Storm {
  readonly machines: number;
  readonly withinMs: number;
}

export interface StageTimes {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface StormResult {
  /** How many machines ended each way; those that did not fail are not in it. */
  readonly failures: Readonly<Record<string, number>>;
  readonly failed: number;
  readonly stages: Readonly<Record<Stage, StageTimes>>;
  /** Of one machine, from its DISCOVER to the last byte of its ramdisk. */
  readonly boot: StageTimes;
  /** From the first machine's power-on. NaN becomes null in JSON: nobody got that far. */
  readonly lastKernelMs: number | null;
  readonly lastRamdiskMs: number | null;
  /** How long it took to power them on: more than planned when the generator could not keep up. */
  readonly startMs: number;
  /** What firmware had to ask for again. */
  readonly retries: number;
  /** NAKs: the machine begins anew. */
  readonly refusals: number;
  /** TFTP blocks that came twice. */
  readonly duplicates: number;
  /** The generator's processor time over the time it ran: 1 is a whole processor. */
  readonly busy: number;
}

export interface Load extends Storm {
  readonly device: string;
}

const PATIENCE_MS = 120_000;

/** Runs the machines in their namespace, in a process of their own. */
export async function storm(wire: Wire, { machines, withinMs }: Storm): Promise<StormResult> {
  const load: Load = { machines, withinMs, device: wire.client.interface };
  const program = join(import.meta.dirname, 'generator-main.ts');
  const command = ['netns', 'exec', wire.client.namespace, process.execPath, program, JSON.stringify(load)];
  const { stdout } = await run('ip', command, { timeoutMs: withinMs + PATIENCE_MS });
  return JSON.parse(stdout) as StormResult;
}

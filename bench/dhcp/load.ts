import { join } from 'node:path';
import { run } from '../../src/exec/run.ts';
import type { Wire } from '../wire.ts';

/** So many machines, switched on one after the other. */
export interface Load {
  readonly device: string;
  /** The server's address, for a relay to send to. */
  readonly server: string;
  /** The relay's own address; null for machines on the same wire, which broadcast. */
  readonly relay: string | null;
  /** Tells the machines of one run from those of another: they have other MACs. */
  readonly run: number;
  readonly machines: number;
  readonly perSecond: number;
  /** How long after the last start answers still count. */
  readonly patienceMs: number;
}

export interface LoadResult {
  readonly started: number;
  readonly offers: number;
  readonly acks: number;
  /** Addresses that two machines were given. */
  readonly duplicates: number;
  /** How long it took to start them: more than planned when the generator could not keep up. */
  readonly startSeconds: number;
  /** From DISCOVER to ACK. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadShape = Pick<Load, 'machines' | 'perSecond' | 'patienceMs'>;

let lastRun = 0;

/** Runs the generator in the machines' namespace, in a process of its own. */
export async function generate(wire: Wire, relayed: boolean, shape: LoadShape): Promise<LoadResult> {
  lastRun = (lastRun + 1) % 256;
  const load: Load = {
    device: wire.client.interface,
    server: wire.server.address,
    relay: relayed ? wire.client.address : null,
    run: lastRun,
    ...shape,
  };
  const program = join(import.meta.dirname, 'generator-main.ts');
  const command = ['netns', 'exec', wire.client.namespace, process.execPath, program, JSON.stringify(load)];
  const timeoutMs = (shape.machines / shape.perSecond) * 10_000 + shape.patienceMs + 60_000;
  const { stdout } = await run('ip', command, { timeoutMs });
  return JSON.parse(stdout) as LoadResult;
}

export const lostShare = ({ started, acks }: LoadResult): number => (started - acks) / started;

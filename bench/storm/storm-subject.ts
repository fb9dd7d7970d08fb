import type { Subject } from '../interleave.ts';
import type { BenchProcess } from '../process.ts';
import type { Wire } from '../wire.ts';

export const PREFIX_LENGTH = 8;
export const POOL = { first: '10.100.0.0', last: '10.100.255.255' } as const;

/** What serves the boots. */
export interface StormSubject extends Subject {
  /** Starts it in the wire's server namespace; it need not answer yet. */
  start(wire: Wire, folder: string): Promise<readonly BenchProcess[]>;
  /** A URL that is answered once it serves. */
  readonly sign: (wire: Wire) => string;
  /** The lines of its log that tell of a lack. */
  warnings(folder: string): readonly string[];
}

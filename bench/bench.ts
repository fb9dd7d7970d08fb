import type { Findings } from './findings.ts';

/** How a benchmark is run. */
export interface BenchContext {
  /** A look in a minute instead of figures to publish: fewer runs, shorter ones. */
  readonly quick: boolean;
  /** How often each subject meets each case. */
  readonly runs: number;
  /** Says how it goes, on standard error. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A benchmark, by the name in `npm run bench -- NAME`. */
export interface Bench {
  readonly summary: string;
  run(context: BenchContext): Promise<Findings>;
}

/** One measured figure: the median of `runs` runs. */
export interface Row {
  readonly case: string;
  readonly subject: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly runs: number;
}

/** One subject held against another, and whether it is what was asked for. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly target: number;
  readonly met: boolean;
}

/** What a benchmark found. `notes` tell what was left out and why, and what else a reader must know. */
export interface Findings {
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
  readonly notes: readonly string[];
}

export interface Report extends Findings {
  readonly bench: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly node: string;
  };
}

/** How near to its generator's own ceiling a figure tells of the generator, not of the subject. */
const GENERATOR_BOUND = 0.8;

/** A lower bound that a figure is held to: `value` must be `target` at least. */
export const atLeast = (name: string, value: number, target: number): Ratio => ({
  name,
  value: rounded(value),
  target,
  met: value >= target,
});

/** An upper bound: `value` must be `target` at most. */
export const atMost = (name: string, value: number, target: number): Ratio => ({
  name,
  value: rounded(value),
  target,
  met: value <= target,
});

/**
 * A rate of ours over a peer's. Where ours lies within 20 % of what the generator can do at all (`ceiling`, in the same
 * unit), the ratio says so and is never met: the true one is not known.
 */
export function rateRatio(
  name: string,
  { ours, peer, ceiling }: { readonly ours: number; readonly peer: number; readonly ceiling: number },
  target: number,
): Ratio {
  if (!(ours < GENERATOR_BOUND * ceiling))
    return { name: `${name} (generator-bound)`, value: rounded(ours / peer), target, met: false };
  return atLeast(name, ours / peer, target);
}

/** The middle value; of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values have no median');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** The value that this share of the values does not exceed: `percentile(times, 0.99)`. NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Three significant digits: more than that is noise. */
export const rounded = (value: number): number =>
  Number.isFinite(value) ? Number(value.toPrecision(3)) : value;

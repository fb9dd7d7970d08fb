/** What may be done so often for long, and how much of it at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * A token bucket for each key. So many keys at most: then those are forgotten that are full again, else the one that
 * was used longest ago, which is the nearest to it.
 */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, maxKeys: number) {
    this.#rate = rate;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Whether there is a token for `key`. */
  has(key: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(key);
    return bucket === undefined ? this.#rate.burst >= 1 : this.#filled(bucket, nowMs) >= 1;
  }

  /** Takes one that `has` saw. */
  take(key: string, nowMs: number): void {
    const bucket = this.#buckets.get(key);
    const tokens = (bucket ? this.#filled(bucket, nowMs) : this.#rate.burst) - 1;
    this.#buckets.delete(key); // to the end: the front is the longest unused
    this.#buckets.set(key, { tokens, atMs: nowMs });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > this.#maxKeys && oldest !== undefined) this.#buckets.delete(oldest);
  }

  #filled({ tokens, atMs }: Bucket, nowMs: number): number {
    const { perSecond, burst } = this.#rate;
    return Math.min(burst, tokens + (Math.max(0, nowMs - atMs) * perSecond) / 1000);
  }
}

import type { Clock } from '../clock.ts';

export interface RateLimit {
  /** Whether `key` may act now; counts it when it may. */
  allow(key: string): boolean;
}

const MAX_KEYS = 4096;

/** A token bucket for each key. The least recently seen key is forgotten when there are too many. */
export function createRateLimit(
  { perMinute, burst }: { perMinute: number; burst: number },
  clock: Clock,
): RateLimit {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    allow(key) {
      const nowMs = clock.nowMs();
      const { tokens, atMs } = buckets.get(key) ?? { tokens: burst, atMs: nowMs };
      const filled = Math.min(burst, tokens + ((nowMs - atMs) * perMinute) / 60_000);
      buckets.delete(key);
      buckets.set(key, { tokens: filled >= 1 ? filled - 1 : filled, atMs: nowMs });
      const oldest = buckets.keys().next();
      if (buckets.size > MAX_KEYS && !oldest.done) buckets.delete(oldest.value);
      return filled >= 1;
    },
  };
}

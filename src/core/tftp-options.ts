/** What is transferred how: the defaults of RFC 1350, or what was negotiated. */
export interface TftpOptions {
  readonly blockBytes: number;
  readonly windowBlocks: number;
  /** The client's own time limit (RFC 2349); our resends come sooner. */
  readonly timeoutSeconds: number | null;
  /** What goes into the OACK; empty when none is due. */
  readonly accepted: ReadonlyMap<string, string>;
}

export interface TftpLimits {
  /** What fits an Ethernet frame without fragments: 1468. */
  readonly maxBlockBytes: number;
  readonly maxWindowBlocks: number;
}

const DEFAULT_BLOCK_BYTES = 512;

/**
 * Answers a request's options. Unknown and senseless ones are left out of the OACK, which refuses them: RFC 2347
 * §3. A larger block or window than ours is answered with ours, as RFC 2348 and RFC 7440 allow.
 */
export function negotiate(
  asked: ReadonlyMap<string, string>,
  fileBytes: number,
  limits: TftpLimits,
): TftpOptions {
  const accepted = new Map<string, string>();
  const take = (name: string, min: number, max: number, ours: number): number | null => {
    const value = wholeNumber(asked.get(name));
    if (value === null || value < min || value > max) return null;
    const agreed = Math.min(value, ours);
    accepted.set(name, String(agreed));
    return agreed;
  };
  const blockBytes = take('blksize', 8, 65464, limits.maxBlockBytes) ?? DEFAULT_BLOCK_BYTES;
  const windowBlocks = take('windowsize', 1, 65535, limits.maxWindowBlocks) ?? 1;
  const timeoutSeconds = take('timeout', 1, 255, 255);
  if (asked.has('tsize')) accepted.set('tsize', String(fileBytes));
  return { blockBytes, windowBlocks, timeoutSeconds, accepted };
}

const wholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;

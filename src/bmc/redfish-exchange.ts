import type { Clock } from '../clock.ts';
import { type Answer, RequestFailed, type RequestOptions, request } from '../net/request.ts';
import { notRedfish, refused, tooBusy, unreachable } from './bmc-errors.ts';

/** Where a Redfish service is, and how patient to be with it. */
export interface RedfishTarget {
  /** Scheme, host and port: `https://10.78.0.11`. */
  readonly origin: string;
  /** For messages: the host, with a port that is not the usual one. */
  readonly host: string;
  readonly verifyTls: boolean | { readonly ca: string };
  readonly requestMs: number;
  /** How long to wait after the first "busy"; it doubles with each. */
  readonly busyDelayMs: number;
  /** The longest wait between two tries, also when the BMC asks for a longer one. */
  readonly busyLimitMs: number;
  readonly clock: Clock;
}

export interface Ask {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What this is for, to end "the BMC refuses …" with. */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
}

const BUSY_TRIES = 5;
const MAX_REDIRECTS = 3;

/**
 * One question to a BMC, asked again while it says that it is busy (503, 429). Any other status is an answer.
 * Throws E_BMC_UNREACHABLE, E_BMC_BUSY, or the reason of the signal.
 */
export async function exchange(target: RedfishTarget, ask: Ask): Promise<Answer> {
  let delayMs = target.busyDelayMs;
  for (let tries = 1; ; tries += 1) {
    const answer = await followRedirects(target, ask);
    if (answer.status !== 503 && answer.status !== 429) return answer;
    if (tries === BUSY_TRIES) throw tooBusy(target.host, ask.doing, tries);
    await target.clock.sleep(Math.min(retryAfterMs(answer) ?? delayMs, target.busyLimitMs), ask.signal);
    delayMs *= 2;
  }
}

function retryAfterMs(answer: Answer): number | null {
  const seconds = Number(answer.headers['retry-after']); // a date is NaN, and is not believed: BMC clocks are wrong
  return seconds > 0 ? seconds * 1000 : null;
}

async function followRedirects(target: RedfishTarget, ask: Ask): Promise<Answer> {
  let url = urlOf(target, ask.path);
  for (let redirects = 0; ; redirects += 1) {
    const answer = await askOnce(target, ask, url);
    const location = answer.headers['location'];
    if (![301, 302, 307, 308].includes(answer.status) || location === undefined) return answer;
    if (redirects === MAX_REDIRECTS) throw notRedfish(target.host, `${ask.path} leads in a circle`);
    url = urlOf(target, location);
  }
}

async function askOnce(target: RedfishTarget, ask: Ask, url: string): Promise<Answer> {
  const options = optionsOf(target, ask);
  try {
    return await request(url, options);
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    // The BMC may have closed an idle connection just then. A POST may have been obeyed, so it is not repeated.
    if (error.code !== 'ECONNRESET' || ask.method === 'POST')
      throw unreachable(target.host, error.code, error);
  }
  try {
    return await request(url, options);
  } catch (error) {
    throw error instanceof RequestFailed ? unreachable(target.host, error.code, error) : error;
  }
}

const optionsOf = (target: RedfishTarget, ask: Ask): RequestOptions => ({
  method: ask.method,
  headers: {
    accept: 'application/json',
    'odata-version': '4.0',
    'user-agent': 'blackstart',
    ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...ask.headers,
  },
  ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
  timeoutMs: target.requestMs,
  ...(ask.signal ? { signal: ask.signal } : {}),
  verifyTls: target.verifyTls,
});

/** A path that a BMC gave, as a URL on that BMC; null for a link to anywhere else, which would carry the password away. */
export function ownUrl(target: RedfishTarget, path: string): URL | null {
  const url = URL.canParse(path, target.origin) ? new URL(path, target.origin) : null;
  return url?.origin === target.origin ? url : null;
}

/** Why a link is not followed that `ownUrl` refuses. */
export const ELSEWHERE = 'it links to another host, which is not asked';

function urlOf(target: RedfishTarget, path: string): string {
  const url = ownUrl(target, path);
  if (!url) throw refused(target.host, `reading ${path}`, ELSEWHERE);
  url.hash = '';
  return url.href;
}

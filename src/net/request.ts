import { Agent, type Dispatcher, request as undiciRequest } from 'undici';

export interface RequestOptions {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The limit on the whole exchange: connecting, TLS, sending, waiting and the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** False for a self-signed certificate that nobody can check; `{ca}` (PEM) for a site's own authority. */
  readonly verifyTls?: boolean | { readonly ca: string };
  /** Speaks over this Unix socket; the URL's host is then only a header. */
  readonly socketPath?: string;
  readonly maxResponseBytes?: number;
}

export interface Answer {
  readonly status: number;
  /** Lowercase names; repeated headers joined by ", ". */
  readonly headers: Record<string, string>;
  readonly text: string;
}

/**
 * No usable answer came: refused, reset, timed out, an untrusted certificate, too long. `code` is Node's or
 * OpenSSL's (`ECONNREFUSED`, `ETIMEDOUT`, `ENOTFOUND`, `DEPTH_ZERO_SELF_SIGNED_CERT`), or `EMSGSIZE` for an
 * answer over the limit. `url` never has credentials.
 */
export class RequestFailed extends Error {
  readonly code: string;
  readonly url: string;

  constructor(code: string, url: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'RequestFailed';
    this.code = code;
    this.url = url;
  }
}

const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
/** Shorter than the 5 s at which many BMCs and proxies close an idle connection. */
const KEEP_ALIVE_MS = 3_000;

const agents = new Map<string, Agent>();

/** One connection pool for each way of connecting; idle sockets do not keep the process alive. */
function agentFor({ verifyTls = true, socketPath }: RequestOptions): Agent {
  const key = JSON.stringify([verifyTls, socketPath ?? null]);
  let agent = agents.get(key);
  if (!agent) {
    agent = new Agent({
      connect: {
        timeout: 0, // the signal below limits every phase
        rejectUnauthorized: verifyTls !== false,
        ...(typeof verifyTls === 'object' ? { ca: verifyTls.ca } : {}),
        ...(socketPath === undefined ? {} : { socketPath }),
      },
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
    agents.set(key, agent);
  }
  return agent;
}

/**
 * One HTTP exchange: no redirects followed, no retries. Any status is an answer; throws `RequestFailed` when
 * none came, and `signal.reason` when the caller gave up.
 */
export async function request(url: string, options: RequestOptions): Promise<Answer> {
  const target = parseUrl(url);
  const limit = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  try {
    const response = await undiciRequest(target, {
      method: options.method ?? 'GET',
      headers: { ...options.headers },
      body: options.body ?? null,
      dispatcher: agentFor(options),
      signal,
    });
    return {
      status: response.statusCode,
      headers: joinHeaders(response.headers),
      text: await readLimited(response.body, options.maxResponseBytes ?? MAX_RESPONSE_BYTES, target.href),
    };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (limit.aborted) {
      throw new RequestFailed('ETIMEDOUT', target.href, `no answer within ${options.timeoutMs} ms`, error);
    }
    throw asFailure(error, target.href);
  }
}

/** A URL of http or https without its credentials. Throws `RequestFailed`. */
export function parseUrl(url: string): URL {
  if (!URL.canParse(url)) throw new RequestFailed('EINVAL', '', 'the URL cannot be read');
  const target = new URL(url);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new RequestFailed('EINVAL', '', `a URL starts with http:// or https://, not ${target.protocol}`);
  }
  target.username = '';
  target.password = '';
  return target;
}

async function readLimited(
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
  url: string,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop by a throw destroys the body and its socket.
    if (bytes > maxBytes)
      throw new RequestFailed('EMSGSIZE', url, `the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function joinHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return joined;
}

/** undici gives Node's error, an AggregateError of several addresses, or its own with Node's as the cause. */
export function asFailure(error: unknown, url: string): Error {
  if (error instanceof RequestFailed) return error;
  if (!(error instanceof Error)) return new RequestFailed('EUNKNOWN', url, String(error), error);
  const code = codeOf(error) ?? codeOf(error.cause);
  if (code === undefined) return error; // no errno: our own mistake, which must not pass for a network fault
  return new RequestFailed(code, url, error.message || code, error);
}

/** undici says UND_ERR_SOCKET where the other side closed without an answer; Node's word is ECONNRESET. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  if (typeof error.code !== 'string') return undefined;
  return error.code === 'UND_ERR_SOCKET' ? 'ECONNRESET' : error.code;
}

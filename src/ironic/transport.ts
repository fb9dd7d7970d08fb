import type { Clock } from '../clock.ts';
import { type Answer, RequestFailed, request } from '../net/request.ts';
import { faultOf, isNodeLocked, refusedBy, unreachable, unreadable } from './ironic-error.ts';
import { type ApiVersions, negotiate, versionText } from './microversion.ts';

/** Where Ironic is and who we are to it. */
export interface IronicAccess {
  /** `http://ADDRESS:6385`, without a path. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface IronicLimits {
  /** For one exchange. Long, since verbs validate BMC and image before they answer. */
  readonly timeoutMs: number;
  /** How long a locked node (409), a busy conductor (503) or a restarting one (refused) is tried again. */
  readonly retryMs: number;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query; the parts are encoded already. */
  readonly path: string;
  readonly body?: unknown;
  /** What it is for, in words that follow "could not": `deploy node lab-1`. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  /** An older version of the API for this call; the negotiated one unless told. */
  readonly minor?: number;
  /** False for the agents' own calls, which need no password. */
  readonly authenticate?: boolean;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** One conversation with Ironic: credentials, API version, retries. Throws BlackstartErrors with codes E_IRONIC_…. */
export class IronicTransport {
  readonly #access: IronicAccess;
  readonly #limits: IronicLimits;
  readonly #clock: Clock;
  #versions: Promise<ApiVersions> | null = null;

  constructor(access: IronicAccess, limits: IronicLimits, clock: Clock) {
    this.#access = access;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** The API versions of both sides, asked once. A failure is not remembered. */
  versions(signal?: AbortSignal): Promise<ApiVersions> {
    this.#versions ??= this.#askVersions(signal).catch((error: unknown) => {
      this.#versions = null;
      throw error;
    });
    return this.#versions;
  }

  /** The answer's JSON; null for an answer without a body. Throws on 404 too. */
  async send(call: Call): Promise<unknown> {
    const answer = await this.#exchange(call);
    if (answer.status >= 400) throw refusedBy(answer.status, faultOf(answer.text), call.what);
    return answer.text === '' ? null : parseAnswer(answer.text, call.what);
  }

  /** Like `send`, but null when what it names is not there. */
  async find(call: Call): Promise<unknown> {
    const answer = await this.#exchange(call);
    if (answer.status === 404) return null;
    if (answer.status >= 400) throw refusedBy(answer.status, faultOf(answer.text), call.what);
    return parseAnswer(answer.text, call.what);
  }

  /** Deletes what the call names. False when it is not there. */
  async remove(call: Omit<Call, 'method'>): Promise<boolean> {
    const answer = await this.#exchange({ ...call, method: 'DELETE' });
    if (answer.status === 404) return false;
    if (answer.status >= 400) throw refusedBy(answer.status, faultOf(answer.text), call.what);
    return true;
  }

  async #askVersions(signal?: AbortSignal): Promise<ApiVersions> {
    const what = 'ask which API versions it speaks';
    const call: Call = { method: 'GET', path: '/', what, signal, minor: 1, authenticate: false };
    return negotiate(await this.send(call));
  }

  /** Tries until there is an answer that another try would not change, or the time is up. */
  async #exchange(call: Call): Promise<Answer> {
    const minor = call.minor ?? (await this.versions(call.signal)).minor;
    const deadlineMs = this.#clock.nowMs() + this.#limits.retryMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const outcome = await this.#tryOnce(call, minor);
      const late = this.#clock.nowMs() + pauseMs > deadlineMs;
      if (outcome instanceof RequestFailed) {
        if (late || !mayRepeat(call, outcome)) throw unreachable(this.#access.url, call.what, outcome);
      } else if (late || !isPassing(outcome)) return outcome;
      await this.#clock.sleep(pauseMs, call.signal);
    }
  }

  async #tryOnce(call: Call, minor: number): Promise<Answer | RequestFailed> {
    try {
      return await request(this.#access.url + call.path, {
        method: call.method,
        headers: this.#headers(call, minor),
        timeoutMs: this.#limits.timeoutMs,
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(call.signal ? { signal: call.signal } : {}),
      });
    } catch (error) {
      if (error instanceof RequestFailed) return error;
      throw error;
    }
  }

  #headers(call: Call, minor: number): Record<string, string> {
    const { username, password } = this.#access;
    return {
      accept: 'application/json',
      'x-openstack-ironic-api-version': versionText(minor),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.authenticate === false
        ? {}
        : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }),
    };
  }
}

/** Locked for a moment, or out of workers for a moment. */
const isPassing = (answer: Answer): boolean =>
  answer.status === 503 || isNodeLocked(answer.status, faultOf(answer.text));

/** A refused connection never reached Ironic; after any other failure only a question may be asked again. */
const mayRepeat = (call: Call, failure: RequestFailed): boolean =>
  failure.code === 'ECONNREFUSED' || (call.method === 'GET' && failure.code === 'ECONNRESET');

function parseAnswer(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(what, text);
  }
}
